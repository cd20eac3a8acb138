package dev.twofold.recipe;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.DecoderText;
import dev.twofold.decoder.DecoderVerifier;
import dev.twofold.decoder.LayerGroup;
import dev.twofold.diag.TwofoldException;
import dev.twofold.pass.Facts;
import dev.twofold.pass.PassContext;
import dev.twofold.recipe.CheckedRecipe.CheckedPass;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Runs a checked recipe, verifying the decoder after every pass.
 *
 * @param dumpAfter the pass after which {@code dump} receives the decoder as text
 */
public record PassRunner(PassContext context, Optional<String> dumpAfter, Consumer<String> dump) {

    /** @throws TwofoldException that names the pass, its place in the recipe, and what the verifier found */
    public Decoder run(CheckedRecipe recipe, Decoder decoder) {
        Decoder current = decoder;
        for (int i = 0; i < recipe.passes().size(); i++) {
            CheckedPass checked = recipe.passes().get(i);
            String place = checked.name() + ", step " + (i + 1) + " of "
                    + recipe.passes().size() + ", " + checked.request().origin();
            try {
                current = checked.pass().run(current, context);
                DecoderVerifier.verify(current);
            } catch (TwofoldException e) {
                throw e.detail("pass", place);
            }
            requireSimulated(current, checked.after(), place);
            if (dumpAfter.filter(checked.name()::equals).isPresent()) {
                dump.accept(DecoderText.of(current));
            }
        }
        return current;
    }

    /**
     * A pass whose result is not what it announced would make every later check meaningless. Layers of one group run side by
     * side, in no order.
     */
    private static void requireSimulated(Decoder decoder, Facts announced, String place) {
        List<Set<Integer>> actual = LayerGroup.of(decoder).stream()
                .map(group -> Set.copyOf(group.layers()))
                .toList();
        List<Set<Integer>> expected = announced.groups().stream()
                .map(group -> Set.copyOf(group.layers()))
                .toList();
        if (!actual.equals(expected)) {
            throw new IllegalStateException(place + " announced " + expected + " and made " + actual);
        }
    }
}
