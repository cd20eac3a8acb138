package dev.twofold.recipe;

import dev.twofold.diag.TwofoldException;
import dev.twofold.passes.quantize.ChooseBits;
import dev.twofold.passes.quantize.Place;
import dev.twofold.passes.quantize.Quantize;
import dev.twofold.passes.shard.Shard;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A recipe that leaves it to a measurement which matrices have more bits.
 *
 * @param ask what they are to be chosen by
 * @param open the rounding that they are chosen for
 */
public record OpenBits(Recipe recipe, PassRequest<ChooseBits.Options> ask, PassRequest<Quantize.Options> open) {

    private static final int RAISED = 8;

    /**
     * Whether something has to be chosen.
     *
     * @throws TwofoldException if it does not say what for, or there is nothing to raise
     */
    public static Optional<OpenBits> in(Recipe recipe) {
        List<PassRequest<ChooseBits.Options>> asked = recipe.all(ChooseBits.SPEC);
        if (asked.isEmpty()) {
            return Optional.empty();
        }
        PassRequest<ChooseBits.Options> ask = asked.get(0);
        List<PassRequest<Quantize.Options>> open = recipe.all(Quantize.SPEC);
        if (asked.size() > 1 || open.size() != 1) {
            throw TwofoldException.input("pass " + ask.name() + " does not know what to choose for")
                    .at(ask.origin())
                    .found(asked.size() + " times " + ask.name() + ", and " + open.size() + " times "
                            + Quantize.SPEC.name())
                    .expected("one of each")
                    .as(ask.blame());
        }
        PassRequest<Quantize.Options> rounding = open.get(0);
        if (Integer.valueOf(RAISED).equals(rounding.options().bits())) {
            throw TwofoldException.input("pass " + ask.name() + " raises matrices to 8 bits, and all have 8")
                    .at(ask.origin())
                    .hint("--dtype int4 --mix measured, or --dtype int8 by itself")
                    .as(ask.blame());
        }
        return Optional.of(new OpenBits(recipe, ask, rounding));
    }

    /** Tokens of the text that it rounds by and measures on. */
    public int tokens() {
        return ask.options().tokenCount();
    }

    /** Whether the limit is that of the plan, for both together. */
    public boolean sharesLimit() {
        return ask.options().isShared();
    }

    /**
     * What shares a limit needs one to share.
     *
     * @throws TwofoldException if no plan is chosen by a largest loss for the speed on some hardware, or bits are given
     */
    public void requirePlan(Optional<OpenPlan> plan) {
        if (plan.map(OpenPlan::options)
                .filter(options -> options.maxLoss() != null && options.hardware() != null)
                .isEmpty()) {
            throw TwofoldException.input("pass " + ask.name() + " has no limit to share")
                    .at(ask.origin())
                    .expected("a choose-pairs with a max-loss and hardware")
                    .hint("- choose-pairs: {max-loss: 3%, hardware: h100-sxm}")
                    .as(ask.blame());
        }
        if (open.options().mix() != null || open.options().places() != null) {
            throw TwofoldException.input("pass " + ask.name() + " chooses the bits of every place")
                    .at(ask.origin())
                    .found("a mix or places in " + open.name())
                    .hint("leave them out, or leave out shared")
                    .as(ask.blame());
        }
    }

    /** The recipe up to the rounding, without what is fitted to a text: the form that is rounded. */
    public Recipe form() {
        Recipe before = new Recipe(recipe.passes().subList(0, recipe.passes().indexOf(open)));
        return new TextFits(before.without(ChooseBits.SPEC)).without();
    }

    /** The recipe without the choice, and without rounding. */
    public Recipe unrounded() {
        return recipe.without(ChooseBits.SPEC).without(Quantize.SPEC);
    }

    /** The recipe with places in the place of the choice; those that were asked for go before them. Of a model that is cut they have its blocks. */
    public Recipe with(List<Place> places) {
        boolean cut = recipe.all(Shard.SPEC).stream()
                .anyMatch(request -> request.options().cuts());
        // A device's share of a row that ends with a block does not always end with a larger one.
        List<Place> all = new ArrayList<>(
                cut ? places.stream().map(place -> place.withBlock(null)).toList() : places);
        if (open.options().places() != null) {
            all.addAll(open.options().places());
        }
        return recipe.replace(open, open.with(open.options().with(all.isEmpty() ? null : all)))
                .without(ChooseBits.SPEC);
    }
}
