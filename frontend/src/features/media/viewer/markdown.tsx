"use client";

import Markdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";

import { t } from "@/lib/text";

const LOOK =
  "mx-auto max-w-3xl text-sm leading-6 [&_a]:text-accent [&_a]:underline [&_blockquote]:border-l-4 [&_blockquote]:border-line [&_blockquote]:pl-4 [&_code]:rounded [&_code]:bg-sunken [&_code]:px-1 [&_h1]:mt-6 [&_h1]:text-2xl [&_h1]:font-semibold [&_h2]:mt-6 [&_h2]:text-xl [&_h2]:font-semibold [&_h3]:mt-4 [&_h3]:font-semibold [&_hr]:border-line [&_li]:ml-6 [&_ol>li]:list-decimal [&_p]:my-3 [&_pre]:my-3 [&_pre]:overflow-x-auto [&_pre]:rounded-lg [&_pre]:bg-sunken [&_pre]:p-3 [&_td]:border [&_td]:border-line [&_td]:px-2 [&_th]:border [&_th]:border-line [&_th]:px-2 [&_ul>li]:list-disc";

// Pictures would tell their hosts who looks at the file: their descriptions have to do.
const PARTS: Components = {
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  ),
  input: ({ checked }) => <span role="img" aria-label={checked ? t`ticked off` : t`still to do`}>{checked ? "☑ " : "☐ "}</span>,
  img: ({ alt }) => <span className="text-muted">{t`Picture: ${alt ?? ""}`}</span>,
};

/** Markdown as it is meant; HTML in it stays text. */
export function MarkdownText({ text }: { text: string }) {
  return (
    <div data-scrolls tabIndex={0} role="region" aria-label={t`Text`} className="min-h-0 flex-1 overflow-auto p-6" data-testid="markdown">
      <div className={LOOK}>
        <Markdown remarkPlugins={[remarkGfm]} components={PARTS}>
          {text}
        </Markdown>
      </div>
    </div>
  );
}
