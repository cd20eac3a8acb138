package dev.twofold.layers;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.LayerGroup;
import dev.twofold.decoder.StepName;
import java.util.List;

/**
 * What a layer of the checkpoint can be cut into.
 *
 * @param feedForward width of the hidden activation, or of that of one expert
 * @param normsWidths whether queries and keys are normalized over all heads
 * @param normsResults whether what it adds passes through norms
 */
public record LayerSize(long heads, long kvHeads, long feedForward, boolean normsWidths, boolean normsResults) {

    /** @param layer an ordinary one */
    public static LayerSize of(LayerGroup layer) {
        List<Branch> branches =
                layer.steps().stream().flatMap(step -> step.branches().stream()).toList();
        List<Attention> attentions =
                branches.stream().flatMap(branch -> branch.body().attentions()).toList();
        return new LayerSize(
                attentions.stream().mapToLong(Attention::heads).sum(),
                attentions.stream().mapToLong(Attention::kvHeads).sum(),
                branches.stream().mapToLong(branch -> branch.body().width()).sum(),
                attentions.stream().anyMatch(Attention::normsWidth),
                branches.stream().anyMatch(branch -> branch.out().isPresent()));
    }

    /** Whether every one of so many devices gets a whole number of heads, or of hidden activations. */
    public boolean divides(StepName.Part part, int devices) {
        return part == StepName.Part.ATTENTION
                ? heads % devices == 0 && (kvHeads % devices == 0 || devices % kvHeads == 0)
                : feedForward % devices == 0;
    }
}
