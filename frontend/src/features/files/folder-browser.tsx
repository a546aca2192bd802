"use client";

import { Copy, Download, FolderInput, FolderOpen, Pencil, Star, Trash2 } from "lucide-react";
import { useCallback, useState } from "react";
import { toast } from "@/lib/toast";

import { messageOf } from "@/lib/problem";
import { LANGUAGE, t } from "@/lib/text";
import type { MenuItem } from "@/ui/menu";
import { Empty, Failed, Loading } from "@/ui/states";
import { type Entry, type Sorting, useEntries } from "./api";
import { downloadAll, useBulk } from "./changes";
import type { Dragged } from "./drag";
import { FileList, type Shown } from "./file-list";
import { FileGrid, FolderPicker, Menu, SelectionBar, TagDialog } from "./lazy";
import type { Verb } from "./selection-bar";
import { useSelection } from "./use-selection";

const CARD_WIDTH = 190;
const AHEAD = 60;

type Props = {
  projectId: string;
  projectName: string;
  folder: string | null;
  query: string;
  sorting: Sorting;
  isGrid: boolean;
  canEdit: boolean;
  onSorting: (sorting: Sorting) => void;
  onFolder: (id: string) => void;
  onSelect: (id: string) => void;
  onOpen: (entry: Entry) => void;
};

type Asking = "move" | "copy" | "tag" | null;

/** A folder with everything that can be done in it. */
export function FolderBrowser(props: Props) {
  const { projectId, folder, query, sorting, isGrid, canEdit } = props;
  const entries = useEntries(projectId, folder, query, sorting);
  const rows = entries.data?.pages.flatMap((page) => page.items) ?? [];
  const bulk = useBulk(projectId);
  const [renaming, setRenaming] = useState<string | null>(null);
  const [menu, setMenu] = useState<{ entry: Entry; x: number; y: number } | null>(null);
  const [asking, setAsking] = useState<Asking>(null);
  const [columns, setColumns] = useState(4);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = entries;

  const open = (entry: Entry) => (entry.kind === "folder" ? props.onFolder(entry.id) : props.onOpen(entry));
  const selection = useSelection(rows, `${projectId} ${folder} ${query}`, {
    onOpen: open,
    onDelete: () => canEdit && trash(),
    onRename: (entry) => canEdit && setRenaming(entry.id),
    onMenu: (entry) => {
      const box = document.querySelector(`[data-entry="${entry.id}"]`)?.getBoundingClientRect();
      setMenu({ entry, x: (box?.left ?? 0) + 60, y: (box?.bottom ?? 0) - 8 });
    },
    columns: isGrid ? columns : 1,
  });

  const chosen = (): Dragged => {
    const picked = rows.filter((row) => selection.ids.has(row.id));
    return { files: picked.filter((row) => row.kind === "file").map((row) => row.id), folders: picked.filter((row) => row.kind === "folder").map((row) => row.id) };
  };
  /** With everything selected and more than is loaded, the server chooses. */
  const wanted = () => (selection.isAll && hasNextPage ? { all_in: folder ?? projectId, q: query } : chosen());

  const run = async (body: Parameters<typeof bulk.mutateAsync>[0], done: (count: number) => string, undo?: () => void) => {
    try {
      const outcome = await bulk.mutateAsync(body);
      const [first] = outcome.refused;
      if (first) toast.error(t`${outcome.refused.length} left as they are: ${first.detail}`);
      if (outcome.done) toast(done(outcome.done), undo ? { action: { label: t`Undo`, onClick: undo } } : undefined);
      selection.clear();
    } catch (error) {
      toast.error(messageOf(error));
    }
  };
  const things = (count: number) => (count === 1 ? t`1 thing` : t`${count.toLocaleString(LANGUAGE)} things`);
  const trash = () => {
    const what = wanted();
    const undo = "files" in what ? () => void bulk.mutateAsync({ verb: "restore", ...what }).catch((error: unknown) => toast.error(messageOf(error))) : undefined;
    void run({ verb: "trash", ...what }, (count) => t`${things(count)} moved to the trash`, undo);
  };
  const move = (dragged: Dragged, target: string) => void run({ verb: "move", ...dragged, target }, (count) => t`${things(count)} moved`);
  const onVerb = (verb: Verb) => {
    const what = chosen();
    if (verb === "download") void downloadAll(projectId, what.files, selection.isAll && hasNextPage ? [folder ?? projectId] : what.folders).catch((error: unknown) => toast.error(messageOf(error)));
    else if (verb === "trash") trash();
    else if (verb === "favourite") void run({ verb: "favourite", ...wanted() }, (count) => t`${things(count)} marked as favourites`);
    else setAsking(verb);
  };
  const pick = (target: string) => {
    const verb = asking === "copy" ? "copy" : "move";
    setAsking(null);
    void run({ verb, ...wanted(), target }, (count) => (verb === "copy" ? t`Copying ${things(count)}` : t`${things(count)} moved`));
  };

  const items = (entry: Entry): MenuItem[] => [
    { label: t`Open`, icon: <FolderOpen />, shortcut: "Enter", onChoose: () => open(entry) },
    { label: t`Download`, icon: <Download />, onChoose: () => onVerb("download") },
    { label: t`Rename`, icon: <Pencil />, shortcut: "F2", isOff: !canEdit, onChoose: () => setRenaming(entry.id) },
    { label: t`Move to…`, icon: <FolderInput />, isOff: !canEdit, onChoose: () => setAsking("move") },
    { label: t`Copy to…`, icon: <Copy />, isOff: !canEdit, onChoose: () => setAsking("copy") },
    { label: t`Favourite`, icon: <Star />, isOff: entry.kind === "folder", onChoose: () => onVerb("favourite") },
    { label: t`Delete`, icon: <Trash2 />, shortcut: "Del", isBad: true, isOff: !canEdit, onChoose: trash },
  ];
  const onSight = useCallback(
    (last: number) => {
      if (hasNextPage && !isFetchingNextPage && last > rows.length - AHEAD) void fetchNextPage();
    },
    [hasNextPage, isFetchingNextPage, fetchNextPage, rows.length],
  );
  const onWidth = useCallback((pixels: number) => setColumns(Math.max(1, Math.floor(pixels / CARD_WIDTH))), []);
  const closeMenu = useCallback(() => setMenu(null), []);

  if (entries.isPending) return <Loading />;
  if (entries.isError) return <Failed error={entries.error} onRetry={() => void entries.refetch()} />;
  if (rows.length === 0) return <Nothing isFiltered={query !== ""} />;
  const onMenu = (entry: Entry, _: number, x: number, y: number) => setMenu({ entry, x, y });
  const shown: Shown = {
    rows,
    selection: { ...selection, click: (index, event) => click(index, event) },
    renaming,
    onRenamed: () => {
      setRenaming(null);
      requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-entry="${renaming}"]`)?.focus());
    },
    onOpen: open,
    onMenu,
    onMove: move,
    dragged: chosen,
    onSight,
  };
  const click: typeof selection.click = (index, event) => {
    selection.click(index, event);
    const entry = rows[index];
    if (entry?.kind === "file" && !event.ctrlKey && !event.metaKey && !event.shiftKey) props.onSelect(entry.id);
  };
  return (
    <>
      {(selection.ids.size > 1 || selection.isAll) && (
        <SelectionBar count={selection.ids.size} isAll={selection.isAll} hasMore={hasNextPage} canEdit={canEdit} isBusy={bulk.isPending} onVerb={onVerb} onClear={selection.clear} />
      )}
      {isGrid ? <FileGrid {...shown} columns={columns} onWidth={onWidth} /> : <FileList {...shown} sorting={sorting} onSorting={props.onSorting} />}
      {menu && <Menu label={t`Actions for ${menu.entry.name}`} x={menu.x} y={menu.y} items={items(menu.entry)} onClose={closeMenu} />}
      {(asking === "move" || asking === "copy") && (
        <FolderPicker title={asking === "move" ? t`Move to` : t`Copy to`} verb={asking === "move" ? t`Move` : t`Copy`} projectId={projectId} projectName={props.projectName} onPick={pick} onClose={() => setAsking(null)} />
      )}
      {asking === "tag" && (
        <TagDialog
          onClose={() => setAsking(null)}
          onTags={(tags) => {
            setAsking(null);
            void run({ verb: "tag", ...wanted(), tags }, (count) => t`${things(count)} tagged`);
          }}
        />
      )}
    </>
  );
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  return (
    <Empty icon={<FolderOpen className="size-10" />} title={isFiltered ? t`Nothing found` : t`Nothing here yet`}>
      {isFiltered ? t`No name in this folder matches.` : t`Drop files anywhere on this page, or use Upload. You can close the lid: what has arrived stays.`}
    </Empty>
  );
}
