"use client";

import { FolderUp, Upload } from "lucide-react";
import { type ChangeEvent, type DragEvent, type ReactNode, type RefObject, useRef, useState } from "react";
import { toast } from "@/lib/toast";

import { t } from "@/lib/text";
import { Button } from "@/ui/button";
import { chosen, dropped } from "./engine/collect";
import type { Target } from "./engine/types";
import { queue, useUploads } from "./store";

/** Files and folders dropped anywhere on its children are uploaded to `target`. */
export function DropZone({ target, children }: { target: Target; children: ReactNode }) {
  const [depth, setDepth] = useState(0);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setDepth(0);
    dropped(event.dataTransfer, (reading) => useUploads.setState({ reading }))
      .finally(() => useUploads.setState({ reading: null }))
      .then((batch) => queue.add(batch, target))
      .catch(() => toast.error(t`What was dropped can't be read.`));
  };
  return (
    <div
      className="relative flex min-h-0 flex-1 flex-col"
      onDragEnter={() => setDepth((now) => now + 1)}
      onDragLeave={() => setDepth((now) => Math.max(0, now - 1))}
      onDragOver={(event) => event.preventDefault()}
      onDrop={drop}
    >
      {children}
      {depth > 0 && (
        <div className="pointer-events-none absolute inset-0 z-20 flex items-center justify-center rounded-xl border-2 border-dashed border-accent bg-surface/80 text-sm font-medium">
          {t`Drop files or folders to upload`}
        </div>
      )}
    </div>
  );
}

function useChooser(target: Target): [RefObject<HTMLInputElement | null>, (event: ChangeEvent<HTMLInputElement>) => void] {
  const chooser = useRef<HTMLInputElement>(null);
  const choose = (event: ChangeEvent<HTMLInputElement>) => {
    void queue.add(chosen(event.target.files ?? []), target);
    event.target.value = "";
  };
  return [chooser, choose];
}

/** Lets the browser keep the files across a reload where it can; elsewhere the plain file chooser opens. */
async function chooseFiles(target: Target, plain: () => void): Promise<void> {
  const picker = (window as { showOpenFilePicker?: (options: { multiple: boolean }) => Promise<FileSystemFileHandle[]> }).showOpenFilePicker;
  if (!picker) {
    plain();
    return;
  }
  const handles = await picker({ multiple: true }).catch(() => []);
  const batch = await Promise.all(handles.map(async (handle) => ({ file: await handle.getFile(), path: handle.name, handle })));
  await queue.add(batch, target);
}

export function UploadButton({ target }: { target: Target }) {
  const [files, chooseFile] = useChooser(target);
  const [folder, chooseFolder] = useChooser(target);
  return (
    <>
      <input ref={files} type="file" multiple hidden data-testid="file-chooser" onChange={chooseFile} />
      <input ref={folder} type="file" multiple hidden data-testid="folder-chooser" onChange={chooseFolder} {...{ webkitdirectory: "" }} />
      <Button onClick={() => folder.current?.click()}>
        <FolderUp className="size-4" aria-hidden /> <span className="max-sm:sr-only">{t`Upload folder`}</span>
      </Button>
      <Button look="primary" onClick={() => void chooseFiles(target, () => files.current?.click())}>
        <Upload className="size-4" aria-hidden /> {t`Upload`}
      </Button>
    </>
  );
}
