"use client";

import { SearchX, X } from "lucide-react";
import Link from "next/link";

import { formatAgo, formatBytes } from "@/lib/format";
import { t } from "@/lib/text";
import { Button } from "@/ui/button";
import { Choice } from "@/ui/field";
import { Empty, Failed, Loading } from "@/ui/states";
import { ROW, Table } from "@/ui/table";
import { type SearchQuery, useSearch, useTags } from "./api";
import { Thumbnail } from "./thumbnail";

export type Filters = Record<string, string>;

const KINDS = { image: t`Pictures`, video: t`Films`, audio: t`Sound`, text: t`Text`, application: t`Documents and data` };
const SIZES: Record<string, [string, Partial<SearchQuery>]> = {
  small: [t`Under 1 MB`, { max_bytes: 1_000_000 }],
  medium: [t`1 MB to 1 GB`, { min_bytes: 1_000_000, max_bytes: 1_000_000_000 }],
  large: [t`Over 1 GB`, { min_bytes: 1_000_000_000 }],
};
const AGES: Record<string, [string, number]> = { day: [t`Today`, 1], week: [t`This week`, 7], month: [t`This month`, 31], year: [t`This year`, 366] };
const SORTS = { newest: t`Newest first`, name: t`By name`, size: t`Largest first`, changed: t`Last changed first` };
const DAY_MS = 86_400_000;

/** What the server is asked for what the URL says. */
function queryOf(filters: Filters): SearchQuery {
  const age = AGES[filters["age"] ?? ""];
  // The day it begins with is enough, and keeps the question the same from one moment to the next.
  const since = age ? `${new Date(Date.now() - age[1] * DAY_MS).toISOString().slice(0, 10)}T00:00:00Z` : undefined;
  const sort = (filters["sort"] ?? "newest") as keyof typeof SORTS;
  return {
    sort,
    desc: sort !== "name",
    ...(filters["q"] ? { q: filters["q"] } : {}),
    ...(filters["kind"] ? { kind: filters["kind"] } : {}),
    ...(filters["tag"] ? { tag: filters["tag"] } : {}),
    ...(filters["by"] ? { uploader: filters["by"] } : {}),
    ...(filters["star"] ? { favourite: true } : {}),
    ...(SIZES[filters["size"] ?? ""]?.[1] ?? {}),
    ...(since ? { since } : {}),
  };
}

function Chip({ text, onRemove }: { text: string; onRemove: () => void }) {
  return (
    <span className="inline-flex h-8 items-center gap-1.5 rounded-full bg-sunken pr-1.5 pl-3 text-sm">
      {text}
      <button type="button" aria-label={t`Remove the filter ${text}`} onClick={onRemove} className="rounded-full p-0.5 text-muted hover:text-text">
        <X className="size-3.5" />
      </button>
    </span>
  );
}

type Props = { projectId: string | null; filters: Filters; onFilters: (changes: Filters) => void };

function Chooser({ name, label, value, options, onFilters }: { name: string; label: string; value: string; options: Record<string, string>; onFilters: Props["onFilters"] }) {
  return (
    <Choice label={label} value={value} onChange={(event) => onFilters({ [name]: event.target.value })}>
      {name !== "sort" && <option value="">{label}</option>}
      {Object.entries(options).map(([key, text]) => (
        <option key={key} value={key}>
          {text}
        </option>
      ))}
    </Choice>
  );
}

/** Files anywhere, by what they are; all of the question is in the URL. */
export function Search({ projectId, filters, onFilters }: Props) {
  const found = useSearch(projectId, queryOf(filters));
  const tags = useTags(projectId);
  const tagOptions = Object.fromEntries((tags.data?.items ?? []).map((item) => [item.tag, t`${item.tag} (${item.files})`]));
  const texts = (options: Record<string, [string, unknown]>) => Object.fromEntries(Object.entries(options).map(([key, [text]]) => [key, text]));
  const chips: [string, string][] = [];
  for (const [name, text] of [["by", t`By ${filters["by"]}`], ["tag", t`Tag ${filters["tag"]}`]] as const) if (filters[name]) chips.push([name, text]);
  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        <Chooser name="kind" label={t`Any kind`} value={filters["kind"] ?? ""} options={KINDS} onFilters={onFilters} />
        <Chooser name="size" label={t`Any size`} value={filters["size"] ?? ""} options={texts(SIZES)} onFilters={onFilters} />
        <Chooser name="age" label={t`Any time`} value={filters["age"] ?? ""} options={texts(AGES)} onFilters={onFilters} />
        {Object.keys(tagOptions).length > 0 && <Chooser name="tag" label={t`Any tag`} value={filters["tag"] ?? ""} options={tagOptions} onFilters={onFilters} />}
        <Button aria-pressed={filters["star"] === "1"} look={filters["star"] ? "primary" : "plain"} onClick={() => onFilters({ star: filters["star"] ? "" : "1" })}>
          {t`Favourites`}
        </Button>
        {chips.map(([name, text]) => (
          <Chip key={name} text={text} onRemove={() => onFilters({ [name]: "" })} />
        ))}
        <span className="ml-auto">
          <Chooser name="sort" label={t`Order`} value={filters["sort"] ?? "newest"} options={SORTS} onFilters={onFilters} />
        </span>
      </div>
      <Results found={found} onFilters={onFilters} />
    </>
  );
}

function Results({ found, onFilters }: { found: ReturnType<typeof useSearch>; onFilters: Props["onFilters"] }) {
  if (found.isPending) return <Loading />;
  if (found.isError) return <Failed error={found.error} onRetry={() => void found.refetch()} />;
  const rows = found.data.pages.flatMap((page) => page.items);
  if (rows.length === 0) {
    return (
      <Empty icon={<SearchX className="size-10" />} title={t`Nothing found`}>
        {t`Try another word, or fewer filters.`}
      </Empty>
    );
  }
  return (
    <>
      <Table headings={[t`Name`, t`Where`, t`Size`, t`By`, t`Added`]} testId="results">
        {rows.map((file) => (
          <tr key={file.id} className={ROW}>
            <td className="px-4 py-2">
              <Link href={`/files/?project=${file.project_id}&folder=${file.folder_id}&file=${file.id}`} className="flex min-w-56 items-center gap-3 rounded hover:text-accent">
                <Thumbnail kind="file" preview={file.preview} mediaType={file.media_type} className="size-9" />
                <span className="break-all">{file.name}</span>
              </Link>
            </td>
            <td className="px-4 py-2 text-muted">{file.location || "/"}</td>
            <td className="px-4 py-2 whitespace-nowrap text-muted">{formatBytes(file.size_bytes)}</td>
            <td className="px-4 py-2 text-muted">
              {file.created_by && (
                <button type="button" className="rounded hover:text-accent hover:underline" onClick={() => onFilters({ by: file.created_by ?? "" })}>
                  {file.created_by}
                </button>
              )}
            </td>
            <td className="px-4 py-2 whitespace-nowrap text-muted">{formatAgo(file.created_at)}</td>
          </tr>
        ))}
      </Table>
      {found.hasNextPage && (
        <Button onClick={() => void found.fetchNextPage()} disabled={found.isFetchingNextPage} className="self-center">
          {t`Show more`}
        </Button>
      )}
    </>
  );
}
