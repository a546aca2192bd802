"use client";

import { useQueryClient } from "@tanstack/react-query";
import { Download, File, FileArchive, Folder as FolderIcon, Lock } from "lucide-react";
import { useState } from "react";
import { toast } from "@/lib/toast";

import { formatBytes } from "@/lib/format";
import { messageOf } from "@/lib/problem";
import { LANGUAGE, t } from "@/lib/text";
import { Button, IconButton } from "@/ui/button";
import { Failed, Loading } from "@/ui/states";
import { ROW, Table } from "@/ui/table";
import { type FileInfo, type Member, memberLink, type Place, useArchive } from "./api";
import { isArchive } from "./kinds";
import { MemberView } from "./member";
import { asksForPassword, PasswordQuestion } from "./password-question";

type Step = { inside: string; prefix: string };

/** The inside of an archive as folders, without unpacking it; and of an archive that lies in it. */
export function Archive({ file }: { file: FileInfo }) {
  const [{ inside, prefix }, setStep] = useState<Step>({ inside: "", prefix: "" });
  const [opened, setOpened] = useState<Member | null>(null);
  const [password, setPassword] = useState("");
  const place = { fileId: file.id, inside, password };
  const go = (step: Step) => {
    setOpened(null);
    setStep(step);
  };
  const open = (member: Member) => {
    if (member.kind === "folder") go({ inside, prefix: member.path });
    else if (isArchive(member.name) && !inside) go({ inside: member.path, prefix: "" });
    else setOpened(member);
  };
  return (
    <div data-scrolls className="mx-auto flex min-h-0 w-full max-w-5xl flex-1 flex-col gap-3 overflow-auto p-4" data-testid="archive">
      <Where name={file.name} inside={inside} path={opened ? opened.path : prefix} onStep={go} />
      {opened ? <MemberView key={opened.path} place={place} member={opened} onPassword={setPassword} /> : <Folder place={place} prefix={prefix} onOpen={open} onPassword={setPassword} />}
    </div>
  );
}

function Folder({ place, prefix, onOpen, onPassword }: { place: Place; prefix: string; onOpen: (member: Member) => void; onPassword: (password: string) => void }) {
  const archive = useArchive(place, prefix);
  if (archive.isPending) return <Loading label={t`Looking into the archive`} />;
  if (asksForPassword(archive.error)) return <PasswordQuestion error={archive.error} onPassword={onPassword} />;
  if (archive.isError) return <Failed error={archive.error} onRetry={() => void archive.refetch()} />;
  const [first] = archive.data.pages;
  const rows = archive.data.pages.flatMap((page) => page.items);
  const leftOut = Object.values(first?.left_out ?? {}).reduce((sum, count) => sum + count, 0);
  return (
    <>
      {first && (
        <p className="text-xs text-muted">
          {t`${first.format.toUpperCase()} · ${first.files.toLocaleString(LANGUAGE)} files, ${formatBytes(first.size_bytes)} unpacked`}
          {first.encrypted > 0 && t` · ${first.encrypted.toLocaleString(LANGUAGE)} encrypted`}
          {leftOut > 0 && t` · ${leftOut.toLocaleString(LANGUAGE)} not shown: links, devices, or names that would lead outside`}
        </p>
      )}
      <Table headings={[t`Name`, t`Size`, t`Changed`, `-${t`Download`}`]} testId="members">
        {rows.map((row) => (
          <MemberRow key={`${row.kind} ${row.name}`} place={place} member={row} onOpen={() => onOpen(row)} />
        ))}
      </Table>
      {rows.length === 0 && <p className="text-center text-sm text-muted">{t`Nothing is in here.`}</p>}
      {archive.hasNextPage && (
        <Button onClick={() => void archive.fetchNextPage()} disabled={archive.isFetchingNextPage}>
          {t`Show more`}
        </Button>
      )}
    </>
  );
}

const stepsOf = (path: string) => path.split("/").map((label, index, parts) => ({ label, path: parts.slice(0, index + 1).join("/") }));

function Where({ name, inside, path, onStep }: { name: string; inside: string; path: string; onStep: (step: Step) => void }) {
  const outer = inside ? stepsOf(inside).map((step) => ({ label: step.label, step: step.path === inside ? { inside, prefix: "" } : { inside: "", prefix: step.path } })) : [];
  const inner = path ? stepsOf(path).map((step) => ({ label: step.label, step: { inside, prefix: step.path } })) : [];
  const steps = [{ label: name, step: { inside: "", prefix: "" } }, ...outer, ...inner];
  return (
    <nav aria-label={t`Path in the archive`} className="flex flex-wrap items-center gap-1 text-sm">
      {steps.map(({ label, step }, index) => (
        <span key={`${step.inside}:${step.prefix}`} className="flex items-center gap-1">
          {index > 0 && <span className="text-muted">/</span>}
          {index === steps.length - 1 ? (
            <span className="font-medium">{label}</span>
          ) : (
            <button type="button" onClick={() => onStep(step)} className="rounded text-accent hover:underline">
              {label}
            </button>
          )}
        </span>
      ))}
    </nav>
  );
}

function MemberRow({ place, member, onOpen }: { place: Place; member: Member; onOpen: () => void }) {
  const client = useQueryClient();
  const isFolder = member.kind === "folder";
  const Icon = isFolder ? FolderIcon : member.is_encrypted ? Lock : isArchive(member.name) ? FileArchive : File;
  const download = () => void memberLink(client, place, member.path).then((url) => location.assign(url), (error: unknown) => toast.error(messageOf(error)));
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
