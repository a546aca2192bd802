import type { ReactNode } from "react";

/** A framed table; a heading that begins with a dash is for screen readers only. */
export function Table({ headings, testId, children }: { headings: string[]; testId?: string; children: ReactNode }) {
  return (
    <div className="relative w-full overflow-x-auto rounded-xl border border-line bg-panel">
      <table className="w-full text-left text-sm" data-testid={testId}>
        <thead>
          <tr className="border-b border-line text-xs text-muted">
            {headings.map((heading) => (
              <th key={heading} scope="col" className="px-4 py-2 font-medium whitespace-nowrap">
                {heading.startsWith("-") ? <span className="sr-only">{heading.slice(1)}</span> : heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

export const ROW = "border-b border-line last:border-0";
