export type Column = { text: string; value: number; bad?: number };

/** Values over time as upright bars, `bad` parts in red on top; each says what it is to whoever points at it or has it read out. */
export function Columns({ label, columns, most, height = "h-28" }: { label: string; columns: Column[]; most?: number; height?: string }) {
  const top = most ?? Math.max(1, ...columns.map((column) => column.value + (column.bad ?? 0)));
  const share = (value: number) => `${value ? Math.max(3, (100 * value) / top) : 0}%`;
  return (
    <ul aria-label={label} className={`flex items-end ${columns.length > 30 ? "" : "gap-px sm:gap-1"} ${height}`}>
      {columns.map((column) => (
        <li key={column.text} title={column.text} className="flex h-full min-w-0 flex-1 flex-col justify-end overflow-hidden bg-sunken first:rounded-tl last:rounded-tr">
          <span className="sr-only">{column.text}</span>
          <span className="w-full shrink-0 bg-bad" style={{ height: share(column.bad ?? 0) }} />
          <span className="w-full shrink-0 bg-accent" style={{ height: share(column.value) }} />
        </li>
      ))}
    </ul>
  );
}
