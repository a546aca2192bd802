"use client";

import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";

import { t } from "@/lib/text";
import { sizeOf, State } from "./entry-cells";
import { handlers, Name, type Shown, useFollow } from "./file-list";
import { Thumbnail } from "./thumbnail";

const CARD = 200;

/** The same as cards, `columns` a row. */
export function FileGrid(props: Shown & { columns: number; onWidth: (pixels: number) => void }) {
  const { rows, selection, onSight, columns, onWidth } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const lines = Math.ceil(rows.length / columns);
  const virtual = useVirtualizer({ count: lines, getScrollElement: () => scroller.current, estimateSize: () => CARD, overscan: 3 });
  const visible = virtual.getVirtualItems();
  const last = ((visible.at(-1)?.index ?? 0) + 1) * columns - 1;
  useEffect(() => onSight(last), [last, onSight]);
  useFollow(selection.at, (index) => virtual.scrollToIndex(Math.floor(index / columns)), scroller, rows[selection.at]?.id);
  useEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const watcher = new ResizeObserver(() => onWidth(box.clientWidth));
    watcher.observe(box);
    return () => watcher.disconnect();
  }, [onWidth]);
  return (
    <div ref={scroller} role="grid" aria-label={t`Files`} aria-multiselectable aria-rowcount={lines} onKeyDown={selection.onKeyDown} className="min-h-0 flex-1 overflow-y-auto px-4 pt-4" data-testid="file-list">
      <div role="presentation" className="relative" style={{ height: virtual.getTotalSize() }}>
        {visible.map((line) => (
          <div key={line.key} role="row" aria-rowindex={line.index + 1} className="absolute inset-x-0 grid gap-4" style={{ height: CARD, transform: `translateY(${line.start}px)`, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
            {rows.slice(line.index * columns, (line.index + 1) * columns).map((entry, offset) => (
              <div
                key={entry.id}
                role="gridcell"
                {...handlers(props, entry, line.index * columns + offset)}
                className="flex h-46 cursor-default flex-col gap-1.5 rounded-xl border border-line p-2 select-none hover:border-accent aria-selected:border-accent aria-selected:bg-sunken data-over:bg-accent/15"
              >
                <Thumbnail kind={entry.kind} preview={entry.preview} mediaType={entry.media_type} className="min-h-0 w-full flex-1" />
                <Name shown={props} entry={entry} />
                <span className="flex justify-between gap-2 truncate text-xs text-muted">
                  {sizeOf(entry)} <State entry={entry} />
                </span>
              </div>
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}
