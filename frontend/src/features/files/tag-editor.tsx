"use client";

import { X } from "lucide-react";
import type { KeyboardEvent } from "react";
import { toast } from "@/lib/toast";

import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";
import type { FileInfo } from "./api";
import { useSetTags } from "./changes";

/** Tags of a file as chips, with a field for one more. */
export function TagEditor({ file, canEdit }: { file: FileInfo; canEdit: boolean }) {
  const change = useSetTags(file.id);
  const set = (tags: string[]) => change.mutate(tags, { onError: (error) => toast.error(messageOf(error)) });
  const add = (event: KeyboardEvent<HTMLInputElement>) => {
    const tag = event.currentTarget.value.trim();
    if (event.key !== "Enter" || !tag) return;
    event.currentTarget.value = "";
    if (!file.tags.includes(tag)) set([...file.tags, tag]);
  };
  if (!canEdit && file.tags.length === 0) return null;
  return (
    <div className="flex flex-wrap items-center gap-1.5">
      {file.tags.map((tag) => (
        <span key={tag} className="inline-flex items-center gap-1 rounded-full bg-sunken px-2.5 py-0.5 text-xs">
          {tag}
          {canEdit && (
            <button type="button" aria-label={t`Remove the tag ${tag}`} onClick={() => set(file.tags.filter((one) => one !== tag))} className="rounded-full text-muted hover:text-bad">
              <X className="size-3" />
            </button>
          )}
        </span>
      ))}
      {canEdit && <input aria-label={t`Add a tag`} placeholder={t`Add a tag`} maxLength={100} onKeyDown={add} className="h-7 w-28 rounded-full border border-line bg-surface px-3 text-xs" />}
    </div>
  );
}
