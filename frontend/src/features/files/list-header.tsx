import { ArrowDown, ArrowUp } from "lucide-react";

import { t } from "@/lib/text";
import type { Sorting, SortKey } from "./api";

const COLUMNS: { key: SortKey; label: string; className: string }[] = [
  { key: "name", label: t`Name`, className: "min-w-0 flex-1" },
  { key: "type", label: t`Type`, className: "hidden w-36 @4xl:block @5xl:ml-[4.75rem]" },
  { key: "size", label: t`Size`, className: "hidden w-28 text-right @lg:block" },
  { key: "changed", label: t`Changed`, className: "hidden w-28 text-right @2xl:block" },
];

type Props = { sorting: Sorting; onSorting: (sorting: Sorting) => void; isAll: boolean; onAll: () => void };

/** Column headings that sort; the same one again turns the order round. */
export function ListHeader({ sorting, onSorting, isAll, onAll }: Props) {
  return (
    <div role="row" className="flex h-9 shrink-0 items-center gap-3 border-b border-line px-4 text-xs text-muted">
      <div role="columnheader" className="flex w-5 items-center">
        <input type="checkbox" aria-label={t`Select all`} checked={isAll} onChange={onAll} className="size-4 accent-accent" />
      </div>
      {COLUMNS.map(({ key, label, className }) => {
        const isHere = sorting.sort === key;
        return (
          <div key={key} role="columnheader" aria-sort={isHere ? (sorting.desc ? "descending" : "ascending") : "none"} className={className}>
            <button type="button" onClick={() => onSorting({ sort: key, desc: isHere && !sorting.desc })} className={`inline-flex items-center gap-1 rounded hover:text-text ${isHere ? "font-semibold text-text" : ""}`}>
              {label}
              {isHere && (sorting.desc ? <ArrowDown className="size-3" aria-hidden /> : <ArrowUp className="size-3" aria-hidden />)}
            </button>
          </div>
        );
      })}
    </div>
  );
}
