import { Star } from "lucide-react";

import { formatAgo, formatBytes, formatClock } from "@/lib/format";
import { LANGUAGE, t } from "@/lib/text";
import type { Entry } from "./api";
import { Thumbnail } from "./thumbnail";

function stateOf(entry: Entry): { text: string; tone: string } | null {
  if (entry.is_corrupt) return { text: t`Damaged`, tone: "text-bad" };
  if (entry.preview?.state === "processing") return { text: t`Processing`, tone: "text-warn" };
  if (entry.preview?.state === "failed") return { text: t`Can't be shown`, tone: "text-bad" };
  return null;
}

export function State({ entry }: { entry: Entry }) {
  const state = stateOf(entry);
  if (!state) return null;
  return (
    <span className={`text-xs ${state.tone}`} title={entry.preview?.reason ?? undefined}>
      {state.text}
    </span>
  );
}

export function sizeOf(entry: Entry): string {
  if (entry.kind === "file") return formatBytes(entry.size_bytes ?? 0);
  const files = entry.files ?? 0;
  return files ? `${formatBytes(entry.size_bytes ?? 0)} · ${files.toLocaleString(LANGUAGE)}` : t`Empty`;
}

/** What a row of the list shows after its check box. */
export function Cells({ entry, name }: { entry: Entry; name: React.ReactNode }) {
  return (
    <>
      <div role="gridcell" className="flex min-w-0 flex-1 items-center gap-3">
        <Thumbnail kind={entry.kind} preview={entry.preview} mediaType={entry.media_type} />
        <div className="min-w-0 flex-1">
          {name}
          <span className="block truncate text-xs text-muted @lg:hidden">{sizeOf(entry)}</span>
        </div>
        {entry.is_favourite && <Star className="size-3.5 shrink-0 fill-current text-warn" role="img" aria-label={t`Favourite`} />}
        <State entry={entry} />
      </div>
      <div role="gridcell" className="hidden w-16 text-right text-xs text-muted tabular-nums @5xl:block">
        {entry.preview?.duration_s ? formatClock(entry.preview.duration_s) : ""}
      </div>
      <div role="gridcell" className="hidden w-36 truncate text-xs text-muted @4xl:block">
        {entry.kind === "folder" ? t`Folder` : (entry.media_type ?? "")}
      </div>
      <div role="gridcell" className="hidden w-28 text-right text-xs text-muted tabular-nums @lg:block">
        {sizeOf(entry)}
      </div>
      <div role="gridcell" className="hidden w-28 text-right text-xs text-muted @2xl:block">
        {formatAgo(entry.changed_at)}
      </div>
    </>
  );
}
