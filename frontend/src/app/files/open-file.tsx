"use client";

import { toast } from "@/lib/toast";

import { download, type Sorting, useEntries, useFile } from "@/features/files";
import { Viewer } from "@/features/media";
import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";

type Props = { id: string; projectId: string; folder: string | null; query: string; sorting: Sorting; onOpen: (id: string | null) => void };

/** One file in the viewer, between its neighbours in the folder. */
export function OpenFile({ id, projectId, folder, query, sorting, onOpen }: Props) {
  const file = useFile(id).data;
  const entries = useEntries(projectId, folder, query, sorting).data?.pages.flatMap((page) => page.items);
  const files = entries?.filter((entry) => entry.kind === "file").map((entry) => entry.id) ?? [];
  if (!file) return null;
  const at = files.indexOf(id);
  const to = (next: string | undefined) => (at >= 0 && next ? () => onOpen(next) : undefined);
  return (
    <Viewer
      file={file}
      place={at >= 0 ? t`${at + 1} of ${files.length} · ` : ""}
      onNext={to(files[at + 1])}
      onPrevious={to(files[at - 1])}
      onDownload={() => void download(id).catch((error: unknown) => toast.error(messageOf(error)))}
      onClose={() => onOpen(null)}
    />
  );
}
