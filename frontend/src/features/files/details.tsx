"use client";

import { Download, Eye, Play, Star, Trash2, X } from "lucide-react";
import Link from "next/link";
import { type ReactNode, useState } from "react";
import { toast } from "@/lib/toast";

import { formatAgo, formatBytes, formatClock } from "@/lib/format";
import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";
import { Button, IconButton } from "@/ui/button";
import { Failed, Loading } from "@/ui/states";
import { type FileInfo, useFile } from "./api";
import { download, useBulk, useFavourite } from "./changes";
import { FileActivity } from "./file-activity";
import { TagEditor } from "./tag-editor";
import { Thumbnail } from "./thumbnail";
import { Versions } from "./versions";

const TABS = { facts: t`Facts`, versions: t`Versions`, activity: t`Activity` };
type Tab = keyof typeof TABS;

function facts(file: FileInfo): [string, string][] {
  const { preview } = file;
  const rows: [string, string | null][] = [
    [t`Size`, formatBytes(file.size_bytes)],
    [t`Type`, file.media_type ?? file.claimed_type ?? null],
    [t`Said to be`, file.claimed_type && file.claimed_type !== file.media_type ? file.claimed_type : null],
    [t`Where`, file.location || "/"],
    [t`Picture`, preview.width && preview.height ? `${preview.width} × ${preview.height}` : null],
    [t`Length`, preview.duration_s ? formatClock(preview.duration_s) : null],
    [t`Version`, String(file.version_no)],
    ["SHA-256", file.sha256],
    [t`Added`, file.created_by ? t`${formatAgo(file.created_at)} by ${file.created_by}` : formatAgo(file.created_at)],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== null);
}

function Actions({ file, canEdit, onOpen, onClose }: Omit<Props, "id"> & { file: FileInfo }) {
  const bulk = useBulk(file.project_id);
  const favourite = useFavourite();
  const complain = (error: unknown) => toast.error(messageOf(error));
  const remove = () =>
    bulk.mutateAsync({ verb: "trash", files: [file.id] }).then(() => {
      onClose();
      toast(t`${file.name} is in the trash`, { action: { label: t`Undo`, onClick: () => void bulk.mutateAsync({ verb: "restore", files: [file.id] }).catch(complain) } });
    }, complain);
  const isFilm = (file.preview.kind === "video" || file.preview.kind === "audio") && file.preview.state !== "failed";
  return (
    <div className="flex flex-wrap gap-2">
      {isFilm ? (
        <Link href={`/watch/?file=${file.id}`} className="inline-flex h-9 items-center gap-2 rounded-lg bg-accent px-3 text-sm font-medium text-on-accent hover:bg-accent-strong">
          <Play className="size-4" aria-hidden /> {t`Play`}
        </Link>
      ) : (
        <Button look="primary" onClick={onOpen}>
          <Eye className="size-4" aria-hidden /> {t`Open`}
        </Button>
      )}
      <Button onClick={() => void download(file.id).catch(complain)}>
        <Download className="size-4" aria-hidden /> {t`Download`}
      </Button>
      {canEdit && (
        <Button look="danger" onClick={() => void remove()} disabled={bulk.isPending}>
          <Trash2 className="size-4" aria-hidden /> {t`Delete`}
        </Button>
      )}
      <Button look="quiet" aria-pressed={file.is_favourite} onClick={() => favourite.mutate({ id: file.id, isOn: !file.is_favourite }, { onError: complain })}>
        <Star className={`size-4 ${file.is_favourite ? "fill-current text-warn" : ""}`} aria-hidden /> {t`Favourite`}
      </Button>
    </div>
  );
}

function Warning({ children }: { children: ReactNode }) {
  return (
    <p role="alert" className="rounded-lg border border-line bg-sunken p-3 text-sm text-bad">
      {children}
    </p>
  );
}

function Facts({ file, canEdit }: { file: FileInfo; canEdit: boolean }) {
  return (
    <>
      <TagEditor file={file} canEdit={canEdit} />
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2 text-sm">
        {facts(file).map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{name}</dt>
            <dd className="break-all">{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

type Props = { id: string; canEdit: boolean; onOpen: () => void; onClose: () => void };

export function Details({ id, canEdit, onOpen, onClose }: Props) {
  const file = useFile(id);
  const [tab, setTab] = useState<Tab>("facts");
  return (
    <aside aria-label={t`Details`} className="flex w-full shrink-0 flex-col gap-4 overflow-y-auto border-line bg-panel p-5 max-lg:fixed max-lg:inset-0 max-lg:z-30 lg:w-80 lg:border-l">
      <header className="flex items-start gap-2">
        <h2 className="min-w-0 flex-1 font-semibold break-words">{file.data?.name ?? t`Details`}</h2>
        <IconButton label={t`Close details`} onClick={onClose}>
          <X className="size-4" />
        </IconButton>
      </header>
      {file.isPending && <Loading />}
      {file.isError && <Failed error={file.error} />}
      {file.data && (
        <>
          <Thumbnail kind="file" preview={file.data.preview} mediaType={file.data.media_type} className="aspect-video w-full shrink-0" />
          {file.data.preview.reason && <Warning>{file.data.preview.reason}</Warning>}
          {file.data.is_corrupt && <Warning>{t`This is not what its uploader's checksum says it should be. Only the uploader can open it; please upload it again.`}</Warning>}
          <Actions file={file.data} canEdit={canEdit} onOpen={onOpen} onClose={onClose} />
          <div role="tablist" aria-label={t`About the file`} className="flex gap-1 border-b border-line">
            {(Object.keys(TABS) as Tab[]).map((name) => (
              <button key={name} type="button" role="tab" aria-selected={tab === name} onClick={() => setTab(name)} className={`-mb-px border-b-2 px-3 py-1.5 text-sm ${tab === name ? "border-accent font-medium" : "border-transparent text-muted hover:text-text"}`}>
                {TABS[name]}
              </button>
            ))}
          </div>
          <div role="tabpanel" aria-label={TABS[tab]} className="flex flex-col gap-4">
            {tab === "facts" && <Facts file={file.data} canEdit={canEdit} />}
            {tab === "versions" && <Versions file={file.data} canEdit={canEdit} />}
            {tab === "activity" && <FileActivity fileId={id} />}
          </div>
        </>
      )}
    </aside>
  );
}
