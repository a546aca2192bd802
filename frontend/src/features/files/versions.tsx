"use client";

import { RotateCcw, Trash2 } from "lucide-react";
import { toast } from "@/lib/toast";

import { formatAgo, formatBytes } from "@/lib/format";
import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";
import { IconButton } from "@/ui/button";
import { Failed, Loading } from "@/ui/states";
import { type FileInfo, useVersions } from "./api";
import { useVersionChange } from "./changes";

/** What the file was before; any of it can be what it shows again. */
export function Versions({ file, canEdit }: { file: FileInfo; canEdit: boolean }) {
  const versions = useVersions(file.id);
  const change = useVersionChange(file.id);
  if (versions.isPending) return <Loading />;
  if (versions.isError) return <Failed error={versions.error} />;
  const run = (no: number, verb: "restore" | "delete") =>
    change.mutateAsync({ no, verb }).then(
      () => toast(verb === "restore" ? t`Version ${no} is the current one` : t`Version ${no} is deleted`),
      (error: unknown) => toast.error(messageOf(error)),
    );
  return (
    <ul className="flex flex-col divide-y divide-line text-sm">
      {versions.data.items.map((version) => (
        <li key={version.id} className="flex items-center gap-2 py-2">
          <span className="min-w-0 flex-1">
            <span className="block font-medium">
              {t`Version ${version.no}`}
              {version.is_current && <span className="ml-2 rounded-full bg-sunken px-2 text-xs font-normal text-muted">{t`current`}</span>}
              {version.is_corrupt && <span className="ml-2 text-xs font-normal text-bad">{t`damaged`}</span>}
            </span>
            <span className="block text-xs text-muted">
              {formatBytes(version.size_bytes)} · {formatAgo(version.created_at)}
            </span>
          </span>
          {canEdit && !version.is_current && (
            <>
              <IconButton label={t`Make version ${version.no} current`} disabled={change.isPending || version.is_corrupt} onClick={() => void run(version.no, "restore")}>
                <RotateCcw className="size-4" />
              </IconButton>
              <IconButton label={t`Delete version ${version.no}`} disabled={change.isPending} onClick={() => void run(version.no, "delete")}>
                <Trash2 className="size-4" />
              </IconButton>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}
