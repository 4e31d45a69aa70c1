/** The boards that bring a page, in the order of the server's list. Made by `src/http/web-bundle.ts`. */
declare module 'virtual:boards' {
  export const BOARDS: readonly import('./board-page.ts').PageBoard[]
}

/** A style sheet that a view imports is part of the style sheet of the page. */
declare module '*.css' {}
