"use client";

import { Upload } from "lucide-react";
import { type DragEvent, type ReactNode, useRef, useState } from "react";

import { Button } from "@/ui/button";
import type { Target } from "./engine/queue";
import { queue } from "./store";

/** Files dropped anywhere on its children are uploaded to `target`. */
export function DropZone({ target, children }: { target: Target; children: ReactNode }) {
  const [depth, setDepth] = useState(0);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setDepth(0);
    queue.add([...event.dataTransfer.files], target);
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
          Drop to upload
        </div>
      )}
    </div>
  );
}

export function UploadButton({ target }: { target: Target }) {
  const chooser = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={chooser}
        type="file"
        multiple
        hidden
        data-testid="file-chooser"
        onChange={(event) => {
          queue.add([...(event.target.files ?? [])], target);
          event.target.value = "";
        }}
      />
      <Button look="primary" onClick={() => chooser.current?.click()}>
        <Upload className="size-4" aria-hidden /> Upload
      </Button>
    </>
  );
}
