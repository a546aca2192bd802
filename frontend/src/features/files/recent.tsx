"use client";

import { Film } from "lucide-react";
import Link from "next/link";

import { formatAgo, formatBytes } from "@/lib/format";
import { t } from "@/lib/text";
import { Empty, Failed, Loading } from "@/ui/states";
import { type FileInfo, useRecent } from "./api";
import { Thumbnail } from "./thumbnail";

const SHOWN = 8;

function hrefOf(file: FileInfo): string {
  const isPlayable = file.preview.kind === "video" || file.preview.kind === "audio";
  return isPlayable ? `/watch/?file=${file.id}` : `/files/?project=${file.project_id}&folder=${file.folder_id}&file=${file.id}`;
}

export function RecentFiles() {
  const recent = useRecent(SHOWN);
  if (recent.isPending) return <Loading />;
  if (recent.isError) return <Failed error={recent.error} onRetry={() => void recent.refetch()} />;
  if (recent.data.items.length === 0) {
    return (
      <Empty icon={<Film className="size-10" />} title={t`No files yet`}>
        {t`Open a project and drop a film on it.`}
      </Empty>
    );
  }
  return (
    <ul className="grid grid-cols-2 gap-4 lg:grid-cols-4">
      {recent.data.items.map((file) => (
        <li key={file.id}>
          <Link href={hrefOf(file)} className="group flex flex-col gap-2">
            <Thumbnail kind="file" preview={file.preview} mediaType={file.media_type} className="aspect-video w-full border border-line transition-colors group-hover:border-accent" />
            <span className="truncate text-sm font-medium">{file.name}</span>
            <span className="-mt-1.5 truncate text-xs text-muted">
              {formatBytes(file.size_bytes)} · {formatAgo(file.created_at)}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
