"use client";

import { Download, File, Folder, Lock } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";

import { formatBytes } from "@/lib/format";
import { messageOf } from "@/lib/problem";
import { LANGUAGE, t } from "@/lib/text";
import { Button, IconButton } from "@/ui/button";
import { Failed, Loading } from "@/ui/states";
import { ROW, Table } from "@/ui/table";
import { type FileInfo, type Member, memberLink, useArchive } from "./api";
import { MemberView } from "./member";

/** The inside of an archive as folders, without unpacking it. */
export function Archive({ file }: { file: FileInfo }) {
  const [prefix, setPrefix] = useState("");
  const [opened, setOpened] = useState<Member | null>(null);
  const archive = useArchive(file.id, prefix);
  if (archive.isPending) return <Loading label={t`Looking into the archive`} />;
  if (archive.isError) return <Failed error={archive.error} onRetry={() => void archive.refetch()} />;
  const [first] = archive.data.pages;
  const rows = archive.data.pages.flatMap((page) => page.items);
  const leftOut = Object.values(first?.left_out ?? {}).reduce((sum, count) => sum + count, 0);
  const go = (path: string) => {
    setOpened(null);
    setPrefix(path);
  };
  return (
    <div data-scrolls className="mx-auto flex min-h-0 w-full max-w-5xl flex-1 flex-col gap-3 overflow-auto p-4" data-testid="archive">
      <Where name={file.name} path={opened ? opened.path : prefix} onFolder={go} />
      {first && (
        <p className="text-xs text-muted">
          {t`${first.format.toUpperCase()} · ${first.files.toLocaleString(LANGUAGE)} files, ${formatBytes(first.size_bytes)} unpacked`}
          {first.encrypted > 0 && t` · ${first.encrypted.toLocaleString(LANGUAGE)} encrypted`}
          {leftOut > 0 && t` · ${leftOut.toLocaleString(LANGUAGE)} not shown: links, devices, or names that would lead outside`}
        </p>
      )}
      {opened ? (
        <MemberView file={file} member={opened} />
      ) : (
        <>
          <Table headings={[t`Name`, t`Size`, t`Changed`, `-${t`Download`}`]} testId="members">
            {rows.map((row) => (
              <MemberRow key={`${row.kind} ${row.name}`} file={file} member={row} onOpen={() => (row.kind === "folder" ? go(row.path) : setOpened(row))} />
            ))}
          </Table>
          {rows.length === 0 && <p className="text-center text-sm text-muted">{t`Nothing is in here.`}</p>}
          {archive.hasNextPage && (
            <Button onClick={() => void archive.fetchNextPage()} disabled={archive.isFetchingNextPage}>
              {t`Show more`}
            </Button>
          )}
        </>
      )}
    </div>
  );
}

function Where({ name, path, onFolder }: { name: string; path: string; onFolder: (path: string) => void }) {
  const parts = path ? path.split("/") : [];
  const steps = [{ label: name, path: "" }, ...parts.map((label, index) => ({ label, path: parts.slice(0, index + 1).join("/") }))];
  return (
    <nav aria-label={t`Path in the archive`} className="flex flex-wrap items-center gap-1 text-sm">
      {steps.map((step, index) => (
        <span key={step.path} className="flex items-center gap-1">
          {index > 0 && <span className="text-muted">/</span>}
          {index === steps.length - 1 ? (
            <span className="font-medium">{step.label}</span>
          ) : (
            <button type="button" onClick={() => onFolder(step.path)} className="rounded text-accent hover:underline">
              {step.label}
            </button>
          )}
        </span>
      ))}
    </nav>
  );
}

function MemberRow({ file, member, onOpen }: { file: FileInfo; member: Member; onOpen: () => void }) {
  const isFolder = member.kind === "folder";
  const Icon = isFolder ? Folder : member.is_encrypted ? Lock : File;
  const download = () => void memberLink(file.id, member.path).then((url) => location.assign(url), (error: unknown) => toast.error(messageOf(error)));
  return (
    <tr className={ROW}>
      <td className="px-4 py-2">
        <button type="button" onClick={onOpen} disabled={!isFolder && !member.can_be_read} className="flex items-center gap-2 text-left break-all enabled:hover:underline disabled:cursor-default">
          <Icon className={`size-4 shrink-0 ${isFolder ? "text-accent" : "text-muted"}`} aria-hidden /> {member.name}
        </button>
      </td>
      <td className="px-4 whitespace-nowrap text-muted">{member.files === null ? formatBytes(member.size_bytes) : t`${formatBytes(member.size_bytes)} · ${member.files.toLocaleString(LANGUAGE)}`}</td>
      <td className="px-4 whitespace-nowrap text-muted">{member.modified_at ? new Date(member.modified_at).toLocaleDateString(LANGUAGE, { dateStyle: "medium" }) : ""}</td>
      <td className="px-2 text-right">
        {member.can_be_read && (
          <IconButton label={t`Download ${member.name}`} onClick={download}>
            <Download className="size-4" />
          </IconButton>
        )}
      </td>
    </tr>
  );
}
