import next from "eslint-config-next";
import tseslint from "typescript-eslint";

export default [
  { ignores: [".next/**", "out/**", "src/lib/api/generated.ts", "next-env.d.ts"] },
  ...next,
  ...tseslint.configs.recommended,
  {
    files: ["src/**/*.{ts,tsx}"],
    rules: {
      "max-lines": ["error", { max: 250, skipBlankLines: true, skipComments: true }],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      // What people read goes through t`…`, so that it can be translated.
      "react/jsx-no-literals": ["error", { allowedStrings: ["Stowage", "·", "…", "/", "–", "×", "(", ")", ",", ":", "%"] }],
      "no-restricted-syntax": [
        "error",
        {
          selector: "JSXAttribute[name.name=/^(aria-label|label|title|about|hint|placeholder|alt)$/] > Literal[value=/[a-z]/]",
          message: "What people read goes through t`…`.",
        },
      ],
      // useVirtualizer returns functions that can't be memoised: known, and harmless here.
      "react-hooks/incompatible-library": "off",
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["@/features/*/*", "!@/features/*/index"], message: "A feature's index is its only public surface." }] },
      ],
    },
  },
  {
    files: ["src/features/**"],
    rules: { "no-restricted-imports": ["error", { patterns: [{ group: ["@/features/*"], message: "No feature imports another; pages compose them." }] }] },
  },
  { files: ["src/ui/**"], rules: { "no-restricted-imports": ["error", { patterns: ["@/features/*", "@/lib/api/*"] }] } },
];
