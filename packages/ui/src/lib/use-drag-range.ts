import { type PointerEvent, useState } from 'react';

/** Less than this is a click, not a drag. */
const DRAG_MIN_PX = 5;

/** A stretch of the element's width, as shares of it from 0 to 1. */
export interface DragRange {
  readonly from: number;
  readonly to: number;
}

interface Drag {
  readonly originPx: number;
  readonly leftPx: number;
  readonly widthPx: number;
  readonly nowPx: number;
}

function rangeOf({ originPx, nowPx, leftPx, widthPx }: Drag): DragRange | undefined {
  if (Math.abs(nowPx - originPx) < DRAG_MIN_PX) return undefined;
  const shareOf = (px: number) => Math.min(Math.max((px - leftPx) / widthPx, 0), 1);
  return { from: shareOf(Math.min(originPx, nowPx)), to: shareOf(Math.max(originPx, nowPx)) };
}

/**
 * Selecting a range by dragging across an element. Spread `handlers` on it; `range` is what is
 * being selected. The pointer is captured only once it moves, so that clicks still reach what lies
 * below.
 */
export function useDragRange(onRange: (range: DragRange) => void) {
  const [drag, setDrag] = useState<Drag>();
  const range = drag && rangeOf(drag);
  const handlers = {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0) return;
      const box = event.currentTarget.getBoundingClientRect();
      const at = event.clientX;
      setDrag({ originPx: at, nowPx: at, leftPx: box.left, widthPx: box.width });
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      if (!drag) return;
      const moved = { ...drag, nowPx: event.clientX };
      if (rangeOf(moved)) event.currentTarget.setPointerCapture(event.pointerId);
      setDrag(moved);
    },
    onPointerUp: (event: PointerEvent<HTMLElement>) => {
      setDrag(undefined);
      // By where it ends: the last move may not have been drawn yet.
      const dragged = drag && rangeOf({ ...drag, nowPx: event.clientX });
      if (dragged) onRange(dragged);
    },
    onPointerCancel: () => setDrag(undefined),
  };
  return { range, handlers };
}
