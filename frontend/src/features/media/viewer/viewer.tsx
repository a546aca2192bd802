"use client";

import { ChevronLeft, ChevronRight, Download, Info, X } from "lucide-react";
import { type KeyboardEvent, useState } from "react";

import { formatBytes } from "@/lib/format";
import { t } from "@/lib/text";
import { IconButton } from "@/ui/button";
import { useModal } from "@/ui/dialog";
import { Player } from "../player/player";
import type { FileInfo } from "./api";
import { Archive } from "./archive";
import { Document } from "./document";
import { Facts } from "./facts";
import { kindOf } from "./kinds";
import { Parquet, Workbook } from "./lazy";
import { Picture } from "./picture";
import { Text } from "./text";

type Props = { file: FileInfo; place: string; onNext?: (() => void) | undefined; onPrevious?: (() => void) | undefined; onDownload: () => void; onClose: () => void };

/** Any file, as large as the window. Escape closes it; the arrows go through the folder. */
export function Viewer({ file, place, onNext, onPrevious, onDownload, onClose }: Props) {
  const box = useModal();
  const [isTelling, setTelling] = useState(false);
  const onKeyDown = (event: KeyboardEvent) => {
    // Where arrows mean something of their own they keep it.
    if ((event.target as HTMLElement).closest("video, input, select, [role=treeitem], [data-scrolls]")) return;
    if (event.key === "ArrowRight") onNext?.();
    else if (event.key === "ArrowLeft") onPrevious?.();
  };
  return (
    <dialog ref={box} aria-label={file.name} onKeyDown={onKeyDown} onClose={onClose} data-testid="viewer" className="m-0 h-dvh max-h-none w-dvw max-w-none bg-surface p-0 text-text">
      <div className="flex h-full flex-col">
        <header className="flex items-center gap-1 border-b border-line px-3 py-2">
          <IconButton label={t`Previous file`} onClick={onPrevious} disabled={!onPrevious}>
            <ChevronLeft className="size-5" />
          </IconButton>
          <IconButton label={t`Next file`} onClick={onNext} disabled={!onNext}>
            <ChevronRight className="size-5" />
          </IconButton>
          <h2 className="min-w-0 flex-1 truncate px-2 text-sm font-semibold">{file.name}</h2>
          <span className="text-xs text-muted max-sm:hidden">
            {place} {formatBytes(file.size_bytes)}
          </span>
          <IconButton label={t`What the file says of itself`} aria-pressed={isTelling} onClick={() => setTelling(!isTelling)}>
            <Info className="size-4" />
          </IconButton>
          <IconButton label={t`Download`} onClick={onDownload}>
            <Download className="size-4" />
          </IconButton>
          <IconButton label={t`Close`} onClick={onClose} autoFocus>
            <X className="size-5" />
          </IconButton>
        </header>
        <div className="flex min-h-0 flex-1 max-sm:flex-col">
          <div className="flex min-h-0 min-w-0 flex-1 flex-col">
            <Content key={file.id} file={file} />
          </div>
          {isTelling && <Facts fileId={file.id} />}
        </div>
      </div>
    </dialog>
  );
}

function Content({ file }: { file: FileInfo }) {
  switch (kindOf(file)) {
    case "film":
      return (
        <div className="mx-auto flex w-full max-w-5xl flex-col justify-center p-4">
          <Player fileId={file.id} poster={file.preview.thumbnail_url ?? null} isSound={file.preview.kind === "audio"} />
        </div>
      );
    case "picture":
      return <Picture file={file} />;
    case "document":
      return <Document file={file} />;
    case "parquet":
      return <Parquet file={file} />;
    case "workbook":
      return <Workbook file={file} />;
    case "archive":
      return <Archive file={file} />;
    default:
      return <Text file={file} />;
  }
}
