"use client";

import { useRouter, useSearchParams } from "next/navigation";
import { Suspense, useEffect, useState } from "react";

import { type Filters, Search } from "@/features/files";
import { useProjects } from "@/features/projects";
import { t } from "@/lib/text";
import { Choice } from "@/ui/field";
import { SearchField } from "@/ui/search-field";
import { Page } from "@/ui/section";
import { Shell } from "../shell";

const TYPING_MS = 300;

function SearchAnywhere() {
  const router = useRouter();
  const params = useSearchParams();
  const filters: Filters = Object.fromEntries(params);
  const project = params.get("project");
  const projects = useProjects();
  const [text, setText] = useState(filters["q"] ?? "");
  const change = (changes: Filters) => {
    const next = new URLSearchParams(params);
    for (const [name, value] of Object.entries(changes)) {
      if (value) next.set(name, value);
      else next.delete(name);
    }
    router.replace(`/search/?${next}`);
  };
  useEffect(() => {
    const next = new URLSearchParams(params);
    if ((next.get("q") ?? "") === text.trim()) return;
    if (text.trim()) next.set("q", text.trim());
    else next.delete("q");
    const timer = setTimeout(() => router.replace(`/search/?${next}`), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, params, router]);
  return (
    <Page
      title={t`Search`}
      actions={
        <div className="flex flex-wrap gap-2">
          <SearchField label={t`Name contains`} value={text} onValue={setText} className="w-64" />
          <Choice label={t`Where`} value={project ?? ""} onChange={(event) => change({ project: event.target.value, tag: "" })}>
            <option value="">{t`All my projects`}</option>
            {projects.data?.items.map((item) => (
              <option key={item.id} value={item.id}>
                {item.name}
              </option>
            ))}
          </Choice>
        </div>
      }
    >
      <Search projectId={project} filters={filters} onFilters={change} />
    </Page>
  );
}

export default function SearchPage() {
  return (
    <Shell>
      <Suspense>
        <SearchAnywhere />
      </Suspense>
    </Shell>
  );
}
