// Starts Swagger UI. A file of its own, since the page's policy allows no inline script.
// <script src=".../swagger-init.js" data-schema="/api/schema/"></script> names the document.
"use strict";

SwaggerUIBundle({
  url: document.currentScript.dataset.schema,
  domNode: document.getElementById("docs"),
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  filter: true,
  tryItOutEnabled: true,
  persistAuthorization: false, // a token kept in the browser's storage outlives the visit
  queryConfigEnabled: false, // ?url= must not make our page show, and call, another host's API
  validatorUrl: null, // the default sends the document's address to an outside host
});
