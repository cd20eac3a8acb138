package dev.twofold.cli;

import dev.twofold.inspection.FitSession.Fits;
import dev.twofold.pass.FitFinding;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.stream.Collectors;

/** How well each fit went, a line each. */
final class FitTable {

    private FitTable() {}

    static void print(Fits fits, PrintWriter out) {
        if (fits.findings().isEmpty()) {
            return;
        }
        out.println("error over what was to be reached          ridge   all tokens          held-out tokens");
        for (FitFinding fit : fits.findings()) {
            out.printf(
                    Locale.ROOT,
                    "  layers %-9s %-22s %7s  %.5f -> %.5f  %.5f -> %.5f%n",
                    fit.layers().stream().distinct().map(String::valueOf).collect(Collectors.joining(",")),
                    fit.what(),
                    fit.dropped() ? "dropped" : String.format(Locale.ROOT, "%.0e", fit.ridge()),
                    fit.fitBefore(),
                    fit.fitAfter(),
                    fit.heldOutBefore(),
                    fit.heldOutAfter());
        }
    }
}
