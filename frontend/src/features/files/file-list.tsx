"use client";

import { useVirtualizer } from "@tanstack/react-virtual";
import { type MouseEvent, useEffect, useLayoutEffect, useRef } from "react";

import { t } from "@/lib/text";
import type { Entry, Sorting } from "./api";
import { drag, type Dragged, dropTarget } from "./drag";
import { Cells } from "./entry-cells";
import { ListHeader } from "./list-header";
import { loadRenameField, RenameField } from "./lazy";
import type { Selection } from "./use-selection";

const ROW = 56;

export type Shown = {
  rows: Entry[];
  selection: Selection;
  renaming: string | null;
  onRenamed: () => void;
  onOpen: (entry: Entry) => void;
  onMenu: (entry: Entry, index: number, x: number, y: number) => void;
  onMove: (dragged: Dragged, target: string) => void;
  dragged: () => Dragged;
  /** Called with the index of the last row in sight. */
  onSight: (last: number) => void;
};

export function handlers({ selection, onOpen, onMenu, onMove, dragged }: Shown, entry: Entry, index: number) {
  return {
    "aria-selected": selection.ids.has(entry.id),
    "data-entry": entry.id,
    draggable: true,
    tabIndex: index === selection.at ? 0 : -1,
    onClick: (event: MouseEvent) => selection.click(index, event),
    onDoubleClick: () => onOpen(entry),
    onContextMenu: (event: MouseEvent) => {
      event.preventDefault();
      if (!selection.ids.has(entry.id)) selection.only(index);
      onMenu(entry, index, event.clientX, event.clientY);
    },
    onDragStart: (event: React.DragEvent) => {
      const many = selection.ids.has(entry.id) ? dragged() : { files: [], folders: [], [`${entry.kind}s`]: [entry.id] };
      drag(event, many);
    },
    ...(entry.kind === "folder" ? dropTarget((many) => onMove(many, entry.id)) : {}),
  };
}

export function Name({ shown, entry }: { shown: Shown; entry: Entry }) {
  if (shown.renaming === entry.id) return <RenameField entry={entry} onDone={shown.onRenamed} />;
  return <span className="block truncate text-sm">{entry.name}</span>;
}

/** The row that the keyboard is on is in sight and has the focus, if the list has it. */
export function useFollow(at: number, scrollTo: (index: number) => void, box: React.RefObject<HTMLDivElement | null>, id: string | undefined) {
  const follow = useRef(scrollTo);
  useEffect(() => {
    follow.current = scrollTo;
  });
  const hasFocus = useRef(false);
  useEffect(() => {
    const note = (event: FocusEvent) => {
      hasFocus.current = box.current?.contains(event.target as Node) ?? false;
    };
    document.addEventListener("focusin", note);
    return () => document.removeEventListener("focusin", note);
  }, [box]);
  // Before anything is painted: a key pressed right after must find the row.
  useLayoutEffect(() => {
    const focus = () => {
      const row = box.current?.querySelector<HTMLElement>(`[data-entry="${id}"]`);
      // A row that went away took the focus with it: the next one has it then, unless somebody types in a field.
      if (!(document.activeElement instanceof HTMLInputElement)) row?.focus({ preventScroll: true });
      return row;
    };
    if (!hasFocus.current || document.activeElement instanceof HTMLInputElement) return;
    follow.current(at);
    if (!focus()) requestAnimationFrame(focus);
  }, [at, id, box]);
}

/** A folder of any size as a list: only the rows in sight exist. */
export function FileList(props: Shown & { sorting: Sorting; onSorting: (sorting: Sorting) => void }) {
  const { rows, selection, onSight, sorting, onSorting } = props;
  const scroller = useRef<HTMLDivElement>(null);
  useEffect(loadRenameField, []);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 12 });
  const visible = virtual.getVirtualItems();
  const last = visible.at(-1)?.index ?? 0;
  useEffect(() => onSight(last), [last, onSight]);
  useFollow(selection.at, (index) => virtual.scrollToIndex(index), scroller, rows[selection.at]?.id);
  const toggleAll = () => (selection.isAll ? selection.clear() : selection.selectAll());
  return (
    <div role="grid" aria-label={t`Files`} aria-multiselectable aria-rowcount={rows.length + 1} onKeyDown={selection.onKeyDown} className="@container flex min-h-0 flex-1 flex-col" data-testid="file-list">
      <ListHeader sorting={sorting} onSorting={onSorting} isAll={selection.isAll} onAll={toggleAll} />
      <div ref={scroller} role="rowgroup" className="min-h-0 flex-1 overflow-y-auto">
        <div role="presentation" className="relative" style={{ height: virtual.getTotalSize() }}>
          {visible.map((item) => {
            const entry = rows[item.index];
            if (!entry) return null;
            return (
              <div
                key={entry.id}
                role="row"
                aria-rowindex={item.index + 2}
                {...handlers(props, entry, item.index)}
                className="group absolute inset-x-0 flex cursor-default items-center gap-3 border-b border-line px-4 -outline-offset-2 select-none hover:bg-sunken/60 aria-selected:bg-sunken data-over:bg-accent/15"
                style={{ height: ROW, transform: `translateY(${item.start}px)` }}
              >
                <div role="gridcell" className="flex w-5 items-center">
                  <input
                    type="checkbox"
                    tabIndex={-1}
                    aria-label={t`Select ${entry.name}`}
                    checked={selection.ids.has(entry.id)}
                    onChange={() => selection.toggle(item.index)}
                    onClick={(event) => event.stopPropagation()}
                    className="size-4 accent-accent"
                  />
                </div>
                <Cells entry={entry} name={<Name shown={props} entry={entry} />} />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
