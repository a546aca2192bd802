"use client";

import { useState } from "react";

import { t } from "@/lib/text";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Tree } from "./tree";

type Props = { title: string; verb: string; projectId: string; projectName: string; onPick: (folder: string) => void; onClose: () => void };

/** Choose a folder of the project. */
export function FolderPicker({ title, verb, projectId, projectName, onPick, onClose }: Props) {
  const [folder, setFolder] = useState(projectId);
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="min-h-48 overflow-y-auto rounded-xl border border-line p-2">
        <button type="button" aria-current={folder === projectId || undefined} onClick={() => setFolder(projectId)} className={`h-8 w-full rounded-lg px-2 text-left text-sm ${folder === projectId ? "bg-sunken font-medium" : "hover:bg-sunken"}`}>
          {projectName}
        </button>
        <Tree label={t`Folders`} projectId={projectId} folder={null} current={folder} onFolder={setFolder} />
      </div>
      <div className="flex justify-end gap-2">
        <Button look="quiet" onClick={onClose}>
          {t`Cancel`}
        </Button>
        <Button look="primary" onClick={() => onPick(folder)}>
          {t`${verb} here`}
        </Button>
      </div>
    </Dialog>
  );
}
