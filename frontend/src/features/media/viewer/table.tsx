"use client";

import { dsvFormat } from "d3-dsv";
import { useMemo } from "react";

import { t } from "@/lib/text";
import { useLongList } from "./use-long-list";

const ROW_PX = 28;
const SEPARATORS = [",", ";", "\t", "|"];

/** Whichever is most often in the first line. */
function separatorOf(text: string): string {
  const [head = ""] = text.split("\n", 1);
  return SEPARATORS.reduce((best, mark) => (head.split(mark).length > head.split(best).length ? mark : best), ",");
}

/** CSV and TSV as a table, the first row as its heading. */
export function DataTable({ text, name, isWhole, onEnd }: { text: string; name: string; isWhole: boolean; onEnd: () => void }) {
  const rows = useMemo(() => {
    const found = dsvFormat(/\.tsv$/i.test(name) ? "\t" : separatorOf(text)).parseRows(text);
    // A page may end in the middle of a quoted cell: its row comes with the next page.
    return isWhole ? found : found.slice(0, -1);
  }, [text, name, isWhole]);
  const [heading = [], ...body] = rows;
  const { box, items, height } = useLongList(body.length, ROW_PX, isWhole, onEnd);
  const columns = { gridTemplateColumns: `4rem repeat(${heading.length}, minmax(8rem, 20rem))` };
  return (
    <div ref={box} data-scrolls tabIndex={0} className="min-h-0 flex-1 overflow-auto text-xs" role="table" aria-label={name} aria-rowcount={body.length + 1} data-testid="table">
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
              <span key={index} role="cell" title={body[item.index]?.[index]} className="truncate px-2 py-1.5">
                {body[item.index]?.[index]}
              </span>
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}
