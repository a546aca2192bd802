"use client";

import { Copy, Download, FolderInput, Star, Tag, Trash2, X } from "lucide-react";

import { t } from "@/lib/text";
import { Button, IconButton } from "@/ui/button";

export type Verb = "download" | "move" | "copy" | "tag" | "favourite" | "trash";

const BUTTONS = [
  { verb: "download", label: t`Download`, icon: Download, needsEdit: false },
  { verb: "move", label: t`Move`, icon: FolderInput, needsEdit: true },
  { verb: "copy", label: t`Copy`, icon: Copy, needsEdit: true },
  { verb: "tag", label: t`Tag`, icon: Tag, needsEdit: true },
  { verb: "favourite", label: t`Favourite`, icon: Star, needsEdit: false },
  { verb: "trash", label: t`Delete`, icon: Trash2, needsEdit: true },
] as const;

type Props = { count: number; isAll: boolean; hasMore: boolean; canEdit: boolean; isBusy: boolean; onVerb: (verb: Verb) => void; onClear: () => void };

/** What can be done with what is selected. */
export function SelectionBar({ count, isAll, hasMore, canEdit, isBusy, onVerb, onClear }: Props) {
  const what = isAll && hasMore ? t`Everything in this folder` : t`${count} selected`;
  return (
    <div role="toolbar" aria-label={t`Selection`} className="flex flex-wrap items-center gap-2 border-b border-line bg-sunken px-4 py-2">
      <IconButton label={t`Clear the selection`} onClick={onClear}>
        <X className="size-4" />
      </IconButton>
      <span role="status" className="mr-auto text-sm font-medium">
        {what}
      </span>
      {BUTTONS.filter((button) => canEdit || !button.needsEdit).map(({ verb, label, icon: Icon }) => (
        <Button key={verb} onClick={() => onVerb(verb)} disabled={isBusy} look={verb === "trash" ? "danger" : "plain"}>
          <Icon className="size-4" aria-hidden /> <span className="max-lg:sr-only">{label}</span>
        </Button>
      ))}
    </div>
  );
}
