"use client";

import { t } from "@/lib/text";
import { useLongList } from "./use-long-list";

const ROW_PX = 28;

type Props = { name: string; heading: string[]; rows: string[][]; isWhole: boolean; onEnd: () => void };

/** Rows and columns of any length; only what is in sight is drawn. */
export function Grid({ name, heading, rows, isWhole, onEnd }: Props) {
  const { box, items, height } = useLongList(rows.length, ROW_PX, isWhole, onEnd);
  const columns = { gridTemplateColumns: `4rem repeat(${heading.length}, minmax(8rem, 20rem))` };
  return (
    <div ref={box} data-scrolls tabIndex={0} className="min-h-0 flex-1 overflow-auto text-xs" role="table" aria-label={name} aria-rowcount={rows.length + 1} data-testid="table">
      <div role="row" style={columns} className="sticky top-0 z-10 grid w-max min-w-full border-b border-line bg-panel font-semibold">
        <span role="columnheader" className="px-2 py-1.5 text-muted">
          {t`Row`}
        </span>
        {heading.map((cell, index) => (
          <span key={index} role="columnheader" className="truncate px-2 py-1.5">
            {cell}
          </span>
        ))}
      </div>
      <div style={{ height }} className="relative">
        {items.map((item) => (
          <div key={item.key} role="row" aria-rowindex={item.index + 2} style={{ ...columns, transform: `translateY(${item.start}px)`, height: ROW_PX }} className="absolute top-0 left-0 grid w-max min-w-full border-b border-line">
            <span role="rowheader" className="px-2 py-1.5 text-muted">
              {item.index + 1}
            </span>
            {heading.map((_, index) => (
              <span key={index} role="cell" title={rows[item.index]?.[index]} className="truncate px-2 py-1.5">
                {rows[item.index]?.[index]}
              </span>
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}
