"use client";

import { ChevronRight, Folder } from "lucide-react";
import { useState } from "react";

import { formatBytes } from "@/lib/format";
import { LANGUAGE, t } from "@/lib/text";
import { useTree } from "./api";
import { type Dragged, dropTarget } from "./drag";

type Props = { projectId: string; folder: string | null; current: string | null; onFolder: (id: string) => void; onMove?: ((dragged: Dragged, target: string) => void) | undefined };

/** Folders of a project, opened level by level. */
export function Tree({ label, ...props }: Props & { label: string }) {
  return (
    <ul aria-label={label} className="flex flex-col text-sm">
      <Level {...props} isOpen />
    </ul>
  );
}

function Level({ projectId, folder, current, onFolder, onMove, isOpen }: Props & { isOpen: boolean }) {
  const tree = useTree(projectId, folder, isOpen);
  return tree.data?.items.map((item) => <Branch key={item.id} item={item} projectId={projectId} folder={item.id} current={current} onFolder={onFolder} onMove={onMove} />);
}

function Branch({ item, ...props }: Props & { item: { id: string; name: string; files: number; bytes: number; has_folders: boolean } }) {
  const [isOpen, setOpen] = useState(false);
  const isHere = props.current === item.id;
  return (
    <li>
      <div
        className={`flex h-8 items-center rounded-lg data-over:bg-accent/15 ${isHere ? "bg-sunken font-medium" : "hover:bg-sunken"}`}
        {...(props.onMove ? dropTarget((dragged) => props.onMove?.(dragged, item.id)) : {})}
      >
        {item.has_folders ? (
          <button type="button" aria-expanded={isOpen} aria-label={`${isOpen ? t`Close` : t`Open`} ${item.name}`} onClick={() => setOpen(!isOpen)} className="flex size-7 items-center justify-center rounded">
            <ChevronRight className={`size-4 text-muted transition-transform ${isOpen ? "rotate-90" : ""}`} aria-hidden />
          </button>
        ) : (
          <span className="w-7" />
        )}
        <button type="button" aria-current={isHere || undefined} onClick={() => props.onFolder(item.id)} title={t`${item.files.toLocaleString(LANGUAGE)} files, ${formatBytes(item.bytes)}`} className="flex min-w-0 flex-1 items-center gap-2 rounded text-left">
          <Folder className="size-4 shrink-0 text-accent" aria-hidden /> <span className="truncate">{item.name}</span>
        </button>
      </div>
      {isOpen && item.has_folders && (
        <ul className="ml-4 flex flex-col">
          <Level {...props} isOpen={isOpen} />
        </ul>
      )}
    </li>
  );
}
