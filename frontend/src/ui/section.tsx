import type { ReactNode } from "react";

/** A titled card of a settings page. */
export function Section({ title, about, children }: { title: string; about?: string; children: ReactNode }) {
  return (
    <section className="flex flex-col gap-4 rounded-xl border border-line bg-panel p-5">
      <header>
        <h2 className="font-semibold">{title}</h2>
        {about && <p className="text-sm text-muted">{about}</p>}
      </header>
      {children}
    </section>
  );
}

/** Frame of a page that is one column of text, forms and tables. */
export function Page({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <div className="mx-auto flex w-full max-w-6xl flex-col gap-6 p-6 md:p-8">
      <header className="flex flex-wrap items-center justify-between gap-3">
        <h1 className="text-xl font-semibold">{title}</h1>
        {actions}
      </header>
      {children}
    </div>
  );
}
