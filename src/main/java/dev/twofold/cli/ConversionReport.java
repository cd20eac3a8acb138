package dev.twofold.cli;

import dev.twofold.decoder.Decoder;
import dev.twofold.layers.KeptApart;
import dev.twofold.report.Manifest;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What {@code convert} says of the model it makes.
 *
 * @param kept what widening could not merge
 * @param original what the checkpoint is, which says why
 * @param unpairedReduces all-reduces a token of the checkpoint as it is, when it is sharded
 */
record ConversionReport(
        Path output,
        Manifest.Model model,
        int unpairedReduces,
        List<KeptApart> kept,
        Decoder original,
        Optional<Choice> choice,
        Optional<ShardingReport> sharding) {

    /** What is known before anything is written; the command adds to it. */
    Map<String, Object> document() {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("output", output.toString());
        document.put("layers", model.layers());
        document.put("effectiveDepth", model.effectiveDepth());
        document.put("pairs", model.pairs());
        document.put("allReduces", model.allReduces());
        if (!kept.isEmpty()) {
            document.put("keptApart", kept.stream().map(this::document).toList());
        }
        sharding.ifPresent(report -> document.put("sharding", report.document()));
        choice.ifPresent(made -> document.put("choice", made.document()));
        return document;
    }

    private Map<String, Object> document(KeptApart apart) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("operator", apart.operator());
        document.put("steps", apart.steps());
        document.put("branches", apart.branches());
        document.put("reason", apart.reason(original));
        return document;
    }

    /** @param compensated whether the layers that were chosen are refitted too */
    void print(PrintWriter out, boolean compensated) {
        String groups = model.pairs().stream().map(ConversionReport::describe).collect(Collectors.joining(" "));
        out.println(output);
        line(out, "layers", model.layers() + ", effective depth " + model.effectiveDepth());
        line(out, "side by side", groups.isEmpty() ? "none" : groups);
        line(out, "all-reduces", model.allReduces() + " a token when sharded (" + unpairedReduces + " unpaired)");
        String apartTitle = "kept apart";
        for (KeptApart apart : kept) {
            String reason = apart.reason(original);
            line(
                    out,
                    apartTitle,
                    apart.operator() + " of " + apart.steps() + (apart.steps() == 1 ? " group: " : " groups: ")
                            + apart.branches() + " operators, not " + apart.steps()
                            + (reason.isEmpty() ? "" : ", as " + reason));
            apartTitle = "";
        }
        choice.ifPresent(made -> {
            String title = "chosen";
            for (String text : made.lines(compensated)) {
                line(out, title, text);
                title = "";
            }
        });
        sharding.ifPresent(report -> report.print(out));
    }

    /** A line under the name of the output. */
    static void line(PrintWriter out, String title, String text) {
        out.printf("  %-16s %s%n", title, text);
    }

    /** A range as {@code --pairs} takes it; layers that only became neighbours as {@code 6+9}. */
    private static String describe(List<Integer> group) {
        int first = group.get(0);
        int last = group.get(group.size() - 1);
        boolean range = last - first == group.size() - 1;
        return range ? first + "-" + last : group.stream().map(String::valueOf).collect(Collectors.joining("+"));
    }
}
