package dev.twofold.pass;

import java.util.List;

/**
 * How well a fit went. Errors are the mean square of what is missing over the mean square of the target.
 *
 * @param layers that were fitted together
 * @param what such as {@code "attention output"}
 * @param ridge in units of the mean squared input; 0 if the fit was dropped
 * @param fitBefore on all tokens, which were fitted to in the end
 * @param heldOutBefore on those that were held out while the ridge was chosen
 * @param heldOutAfter on the same, of the fit to the others
 */
public record FitFinding(
        List<Integer> layers,
        String what,
        double ridge,
        double fitBefore,
        double fitAfter,
        double heldOutBefore,
        double heldOutAfter) {

    public FitFinding {
        layers = List.copyOf(layers);
    }

    /** Whether the weights were left as they were, because the fit did not hold on the held-out tokens. */
    public boolean dropped() {
        return ridge == 0;
    }
}
