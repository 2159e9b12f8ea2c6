(function () {
  "use strict";
  document.querySelectorAll(".by").forEach(function (box) {
    var table = box.querySelector("table"), body = table.tBodies[0];
    var listed = Array.from(body.rows), heads = Array.from(table.tHead.rows[0].cells);
    var plain = box.querySelector(".how");
    if (plain) plain.remove();
    heads.forEach(function (head) {
      var ranks = new Map(), button = document.createElement("button");
      head.dataset.o.split(" ").forEach(function (rank, at) { ranks.set(listed[at], rank); });
      button.type = "button";
      button.append.apply(button, Array.from(head.childNodes));
      head.append(button);
      button.addEventListener("click", function () {
        var next = { ascending: "descending", descending: "" }[head.getAttribute("aria-sort")];
        if (next === undefined) next = "ascending";
        heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
        var rows = listed.slice(), sign = next === "ascending" ? 1 : -1;
        if (next) {
          head.setAttribute("aria-sort", next);
          rows.sort(function (a, b) {
            var x = ranks.get(a), y = ranks.get(b);
            if (x === y) return 0;
            if (x === "-") return 1;
            if (y === "-") return -1;
            return sign * (x - y);
          });
        }
        body.append.apply(body, rows);
      });
    });
  });
  var opened = [];
  addEventListener("beforeprint", function () {
    opened = Array.from(document.querySelectorAll("details:not([open])"));
    opened.forEach(function (d) { d.open = true; });
  });
  addEventListener("afterprint", function () { opened.forEach(function (d) { d.open = false; }); });
})();
