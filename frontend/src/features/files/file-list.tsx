"use client";

import { useVirtualizer } from "@tanstack/react-virtual";
import { FolderOpen } from "lucide-react";
import { useEffect, useRef } from "react";

import { formatAgo, formatBytes, formatClock } from "@/lib/format";
import { Empty, Failed, Loading } from "@/ui/states";
import { type Entry, useEntries } from "./api";
import { Thumbnail } from "./thumbnail";

const ROW = 60;

type Props = {
  projectId: string;
  folder: string | null;
  query: string;
  selected: string | null;
  onFolder: (id: string) => void;
  onSelect: (id: string) => void;
  onOpen: (entry: Entry) => void;
};

function stateOf(entry: Entry): { text: string; tone: string } | null {
  if (entry.is_corrupt) return { text: "Damaged", tone: "text-bad" };
  if (entry.preview?.state === "processing") return { text: "Processing", tone: "text-warn" };
  if (entry.preview?.state === "failed") return { text: "Can't be shown", tone: "text-bad" };
  return null;
}

function Line({ entry }: { entry: Entry }) {
  const state = stateOf(entry);
  return (
    <>
      <Thumbnail kind={entry.kind} preview={entry.preview} mediaType={entry.media_type} />
      <span className="min-w-0 flex-1">
        <span className="block truncate text-sm">{entry.name}</span>
        <span className="block truncate text-xs text-muted sm:hidden">{entry.size_bytes == null ? "Folder" : formatBytes(entry.size_bytes)}</span>
      </span>
      {state && (
        <span className={`text-xs ${state.tone}`} title={entry.preview?.reason ?? undefined}>
          {state.text}
        </span>
      )}
      <span className="hidden w-16 text-right text-xs text-muted tabular-nums md:block">{entry.preview?.duration_s ? formatClock(entry.preview.duration_s) : ""}</span>
      <span className="hidden w-20 text-right text-xs text-muted tabular-nums sm:block">{entry.size_bytes == null ? "" : formatBytes(entry.size_bytes)}</span>
      <span className="hidden w-32 text-right text-xs text-muted lg:block">{formatAgo(entry.changed_at)}</span>
    </>
  );
}

/** A folder of any size: only the rows in sight exist, and pages are fetched as they come near. */
export function FileList({ projectId, folder, query, selected, onFolder, onSelect, onOpen }: Props) {
  const entries = useEntries(projectId, folder, query);
  const scroller = useRef<HTMLDivElement>(null);
  const rows = entries.data?.pages.flatMap((page) => page.items) ?? [];
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 12 });
  const visible = virtual.getVirtualItems();
  const last = visible.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = entries;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && last > rows.length - 50) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, last, rows.length]);

  if (entries.isPending) return <Loading />;
  if (entries.isError) return <Failed error={entries.error} onRetry={() => void entries.refetch()} />;
  if (rows.length === 0) {
    return (
      <Empty icon={<FolderOpen className="size-10" />} title={query ? "Nothing found" : "Nothing here yet"}>
        {query ? "No name in this folder matches." : "Drop files anywhere on this page, or use Upload. You can close the lid: what has arrived stays."}
      </Empty>
    );
  }
  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto" data-testid="file-list">
      <ul className="relative" style={{ height: virtual.getTotalSize() }}>
        {visible.map((item) => {
          const entry = rows[item.index];
          if (!entry) return null;
          const isSelected = entry.id === selected;
          return (
            <li key={entry.id} className="absolute inset-x-0" style={{ height: ROW, transform: `translateY(${item.start}px)` }}>
              <button
                type="button"
                aria-current={isSelected}
                className={`flex size-full items-center gap-3 border-b border-line px-4 text-left transition-colors ${isSelected ? "bg-sunken" : "hover:bg-sunken/60"}`}
                onClick={() => (entry.kind === "folder" ? onFolder(entry.id) : onSelect(entry.id))}
                onDoubleClick={() => entry.kind === "file" && onOpen(entry)}
              >
                <Line entry={entry} />
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
