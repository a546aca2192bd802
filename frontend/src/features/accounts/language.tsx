"use client";

import { useQuery } from "@tanstack/react-query";

import { choose, languages } from "@/lib/language";
import { LANGUAGE, t } from "@/lib/text";
import { Choice } from "@/ui/field";
import { Section } from "@/ui/section";

/** Nothing to choose, nothing to see: shown as soon as there is a second language. */
export function LanguageChoice() {
  const known = useQuery({ queryKey: ["languages"], queryFn: languages, staleTime: Infinity }).data ?? {};
  if (Object.keys(known).length < 2) return null;
  return (
    <Section title={t`Language`}>
      <Choice label={t`Language`} value={LANGUAGE} onChange={(event) => void choose(event.target.value)} className="w-56">
        {Object.entries(known).map(([tag, name]) => (
          <option key={tag} value={tag} lang={tag}>
            {name}
          </option>
        ))}
      </Choice>
    </Section>
  );
}
