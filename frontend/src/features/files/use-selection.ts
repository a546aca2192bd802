import { type KeyboardEvent, type MouseEvent, useState } from "react";

import type { Entry } from "./api";

export type Selection = {
  ids: ReadonlySet<string>;
  /** Index of the row that the keyboard is on. */
  at: number;
  isAll: boolean;
  click: (index: number, event: MouseEvent) => void;
  toggle: (index: number) => void;
  clear: () => void;
  selectAll: () => void;
  only: (index: number) => void;
  onKeyDown: (event: KeyboardEvent) => void;
};

type Actions = { onOpen: (entry: Entry) => void; onDelete: () => void; onRename: (entry: Entry) => void; onMenu: (entry: Entry, index: number) => void; columns?: number };

const NONE: ReadonlySet<string> = new Set();

/** Which rows are chosen: by click, with shift and ctrl, or by the keyboard as in a file manager. `scope` changes empty it. */
export function useSelection(rows: Entry[], scope: string, { onOpen, onDelete, onRename, onMenu, columns = 1 }: Actions): Selection {
  const [state, setState] = useState({ scope, ids: NONE, at: 0, atId: "", anchor: 0, isAll: false });
  const current = state.scope === scope ? state : { scope, ids: NONE, at: 0, atId: "", anchor: 0, isAll: false };
  // Rows come and go while one looks: the keyboard stays with its row, as long as that is there.
  const moved = current.atId && rows[current.at]?.id !== current.atId ? rows.findIndex((row) => row.id === current.atId) : -1;
  const at = moved >= 0 ? moved : Math.min(current.at, Math.max(0, rows.length - 1));

  const set = (changes: Partial<typeof state>) => {
    const next = { ...current, at, isAll: false, ...changes, scope };
    setState({ ...next, atId: rows[next.at]?.id ?? "" });
  };
  const range = (from: number, to: number) => new Set(rows.slice(Math.min(from, to), Math.max(from, to) + 1).map((row) => row.id));
  const idAt = (index: number) => rows[index]?.id;

  const go = (to: number, isExtending: boolean, isMovingOnly: boolean) => {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    const id = idAt(next);
    if (id === undefined) return;
    if (isExtending) set({ at: next, ids: range(current.anchor, next) });
    else if (isMovingOnly) set({ at: next, ids: current.ids });
    else set({ at: next, anchor: next, ids: new Set([id]) });
  };
  const toggle = (index: number) => {
    const id = idAt(index);
    if (id === undefined) return;
    const ids = new Set(current.ids);
    if (!ids.delete(id)) ids.add(id);
    set({ ids, at: index, anchor: index });
  };
  const selectAll = () => set({ ids: new Set(rows.map((row) => row.id)), isAll: true });
  const only = (index: number) => go(index, false, false);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement) return;
    const entry = rows[at];
    const page = 10 * columns;
    const steps: Record<string, number> = { ArrowDown: columns, ArrowUp: -columns, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length };
    if (columns > 1) Object.assign(steps, { ArrowRight: 1, ArrowLeft: -1 });
    const isCtrl = event.ctrlKey || event.metaKey;
    const step = steps[event.key];
    if (step !== undefined) go(at + step, event.shiftKey, isCtrl);
    else if (isCtrl && event.key.toLowerCase() === "a") selectAll();
    else if (event.key === " ") toggle(at);
    else if (event.key === "Escape") set({ ids: NONE });
    else if (event.key === "Enter" && entry) onOpen(entry);
    else if (event.key === "Delete" && (current.ids.size || current.isAll)) onDelete();
    else if (event.key === "F2" && entry) onRename(entry);
    else if ((event.key === "ContextMenu" || (event.shiftKey && event.key === "F10")) && entry) onMenu(entry, at);
    else return;
    event.preventDefault();
  };

  return {
    ids: current.ids,
    at,
    isAll: current.isAll,
    click: (index, event) => (event.ctrlKey || event.metaKey ? toggle(index) : go(index, event.shiftKey, false)),
    toggle,
    clear: () => set({ ids: NONE }),
    selectAll,
    only,
    onKeyDown,
  };
}
