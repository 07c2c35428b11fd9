import { type RefObject, useCallback, useEffect, useState } from 'react';
import { panWindow, spanOf, type TimeWindow, zoomWindow } from './time-scale.ts';

/** How much one step of the wheel, a button or a key zooms. */
const ZOOM_STEP = 0.7;
const WHEEL_PIXELS_PER_STEP = 100;

export interface TimeWindowControl {
  readonly window: TimeWindow;
  readonly fitted: boolean;
  show(window: TimeWindow): void;
  /** Positive steps zoom in, about `atShare` (0 to 1) of the width. */
  zoom(steps: number, atShare?: number): void;
  fit(): void;
}

/**
 * The stretch of time that a chart shows. `fitted` is what it starts with and returns to; `bounds`
 * is as far as it can be moved. Over `chart` the wheel zooms while Ctrl or ⌘ is held (a pinch is
 * reported so), and over `axis` always; sideways it moves. Without that rule the page could not be
 * scrolled past the chart.
 */
export function useTimeWindow(
  fitted: TimeWindow,
  bounds: TimeWindow,
  chart: RefObject<HTMLElement | null>,
  axis: RefObject<HTMLElement | null>,
): TimeWindowControl {
  const [chosen, setChosen] = useState<TimeWindow>();
  const { fromNs, toNs } = bounds;
  const zoom = useCallback(
    (steps: number, atShare = 0.5) =>
      setChosen((before = fitted) => {
        const atNs = before.fromNs + atShare * spanOf(before);
        return zoomWindow(before, ZOOM_STEP ** steps, atNs, { fromNs, toNs });
      }),
    [fitted, fromNs, toNs],
  );
  useEffect(() => {
    const element = chart.current;
    if (!element) return;
    const onWheel = (event: WheelEvent) => {
      const box = (axis.current ?? element).getBoundingClientRect();
      const overAxis = event.target instanceof Node && axis.current?.contains(event.target);
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault();
        setChosen((before = fitted) =>
          panWindow(before, (event.deltaX / box.width) * spanOf(before), { fromNs, toNs }),
        );
      } else if (event.ctrlKey || event.metaKey || overAxis) {
        event.preventDefault();
        const share = (event.clientX - box.left) / box.width;
        zoom(-event.deltaY / WHEEL_PIXELS_PER_STEP, Math.min(Math.max(share, 0), 1));
      }
    };
    // React's own wheel listeners are passive: they cannot keep the page from scrolling.
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [chart, axis, zoom, fitted, fromNs, toNs]);
  return {
    window: chosen ?? fitted,
    fitted: chosen === undefined,
    show: setChosen,
    zoom,
    fit: () => setChosen(undefined),
  };
}
