// Starts ReDoc. A file of its own, since the page's policy allows no inline script.
// <script src=".../redoc-init.js" data-schema="/api/schema/"></script> names the document.
"use strict";

Redoc.init(
  document.currentScript.dataset.schema,
  { expandResponses: "200,201", nativeScrollbars: true, requiredPropsFirst: true },
  document.getElementById("docs"),
);
