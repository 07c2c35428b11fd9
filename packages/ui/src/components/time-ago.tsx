import { formatAge, formatTime } from '@throughline/model';

/** How long ago something was; exactly when, in the tooltip. */
export function TimeAgo({ time, now }: { time: bigint; now: bigint }) {
  const exact = formatTime(time);
  return (
    <time dateTime={exact} title={exact}>
      {formatAge(now - time)} ago
    </time>
  );
}
