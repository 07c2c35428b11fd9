const REDRAW_MS = 100;
const PLAIN_MS = 2_000;

/** One line that changes in place on a terminal; elsewhere a line every two seconds. */
export class ProgressLine {
  #drawnMs = 0;
  #open = false;

  /** Shows the text, unless the last one was shown only just now. */
  update(text: string): void {
    const nowMs = performance.now();
    const everyMs = process.stdout.isTTY ? REDRAW_MS : PLAIN_MS;
    if (this.#drawnMs > 0 && nowMs - this.#drawnMs < everyMs) return;
    this.#drawnMs = nowMs;
    this.#write(text);
  }

  /** Shows the last text and ends the line. */
  finish(text: string): void {
    this.#write(text);
    if (this.#open) process.stdout.write('\n');
    this.#open = false;
    this.#drawnMs = 0;
  }

  #write(text: string): void {
    this.#open = process.stdout.isTTY === true;
    if (!this.#open) process.stdout.write(`${text}\n`);
    else
      process.stdout.write(
        `\r\x1b[2K${text.slice(0, Math.max(20, (process.stdout.columns || 80) - 1))}`,
      );
  }
}

const BAR_CELLS = 24;

/** `[#####-----] 210/500`. */
export function progressBar(done: number, total: number): string {
  const cells = Math.round((Math.min(done, total) / Math.max(1, total)) * BAR_CELLS);
  return `[${'#'.repeat(cells)}${'-'.repeat(BAR_CELLS - cells)}] ${done}/${total}`;
}
