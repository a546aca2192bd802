"use client";

import { toast } from "@/lib/toast";

import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";
import { useRename } from "./changes";

type Props = { entry: { kind: "file" | "folder"; id: string; name: string }; onDone: () => void };

/** The name of a file or folder as a field: Enter keeps it, Escape leaves it. The extension is not selected. */
export function RenameField({ entry, onDone }: Props) {
  const rename = useRename();
  const keep = (name: string) => {
    onDone();
    if (!name || name === entry.name) return;
    rename.mutateAsync({ ...entry, name }).then(
      () => toast(t`Renamed to ${name}`, { action: { label: t`Undo`, onClick: () => rename.mutate({ ...entry, name: entry.name }) } }),
      (error: unknown) => toast.error(messageOf(error)),
    );
  };
  return (
    <input
      aria-label={t`New name of ${entry.name}`}
      defaultValue={entry.name}
      maxLength={255}
      autoFocus
      onFocus={(event) => event.target.setSelectionRange(0, entry.kind === "file" && entry.name.includes(".") ? entry.name.lastIndexOf(".") : entry.name.length)}
      onBlur={(event) => keep(event.target.value.trim())}
      onClick={(event) => event.stopPropagation()}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key === "Escape") onDone();
      }}
      className="h-8 w-full rounded-md border border-accent bg-surface px-2 text-sm"
    />
  );
}
