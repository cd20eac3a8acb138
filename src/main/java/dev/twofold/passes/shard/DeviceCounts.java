package dev.twofold.passes.shard;

import dev.twofold.decoder.Sharding.Placement;
import dev.twofold.decoder.StepName;
import dev.twofold.layers.LayerSize;
import dev.twofold.pass.Facts;
import dev.twofold.pass.NotApplicable;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Over how many devices a model can be cut. */
record DeviceCounts(Facts facts, Placement placement, boolean vocabulary) {

    /** Why the model cannot be cut over so many devices, with the numbers that it can be cut over. */
    Optional<NotApplicable> refusal(int devices) {
        Optional<String> oneSync = facts.groups().stream()
                .filter(group -> group.arrangement() == Facts.Arrangement.ONE_SYNC)
                .flatMap(group -> oneSync(group, devices).stream())
                .findFirst();
        if (oneSync.isPresent()) {
            return oneSync.map(reason -> new NotApplicable(reason, hint()));
        }
        return facts.groups().stream()
                .flatMap(group -> divides(group, devices).stream())
                .findFirst()
                .or(() -> vocabulary(devices))
                .map(reason -> new NotApplicable(reason, hint()));
    }

    private Optional<String> oneSync(Facts.Group group, int devices) {
        if (placement == Placement.HEADS) {
            return Optional.of("the layers " + group.layers()
                    + " run one-sync: between its attention and its feed-forward a layer does not hear of other"
                    + " devices, so"
                    + " it cannot be cut");
        }
        int size = group.layers().size();
        return size == devices
                ? Optional.empty()
                : Optional.of("the one-sync group " + group.layers() + " needs a device for each of its " + size
                        + " layers, not " + devices + " devices");
    }

    private Optional<String> divides(Facts.Group group, int devices) {
        return group.steps().stream()
                .flatMap(step -> Arrays.stream(StepName.Part.values()).map(part -> Share.of(part, step)))
                .flatMap(share -> divides(group, share, devices).stream())
                .findFirst();
    }

    /** The layers whose operators of one kind run in one step, each of which has devices of its own in placement layers. */
    private record Share(StepName.Part part, List<Integer> layers) {

        static Share of(StepName.Part part, List<StepName> step) {
            return new Share(
                    part,
                    step.stream()
                            .filter(name -> name.part() == part)
                            .map(StepName::layer)
                            .toList());
        }
    }

    private Optional<String> divides(Facts.Group group, Share share, int devices) {
        int count = placement == Placement.LAYERS ? Math.max(1, share.layers().size()) : 1;
        if (devices % count != 0) {
            return Optional.of(devices + " devices are no multiple of the " + count + " layers of the group "
                    + group.layers() + ", each of which gets as many");
        }
        int each = devices / count;
        boolean attention = share.part() == StepName.Part.ATTENTION;
        if (each > 1
                && attention
                && share.layers().stream().anyMatch(layer -> size(layer).normsWidths())) {
            return Optional.of(
                    layers(group) + " normalize queries and keys over all heads, so an attention cannot be cut");
        }
        if (count > 1
                && each > 1
                && share.layers().stream().anyMatch(layer -> size(layer).normsResults())) {
            return Optional.of("what " + layers(group)
                    + " add passes through norms, which need all of it, so each layer needs a device of its own");
        }
        return share.layers().stream()
                .filter(layer -> !size(layer).divides(share.part(), each))
                .findFirst()
                .map(layer -> "layer " + layer + " has " + size(layer).heads() + " attention heads, "
                        + size(layer).kvHeads() + " KV heads and a feed-forward of "
                        + size(layer).feedForward() + ", which do not divide over " + each + " devices");
    }

    private static String layers(Facts.Group group) {
        return group.layers().size() == 1
                ? "layer " + group.layers().get(0) + " by itself"
                : "the layers " + group.layers();
    }

    private LayerSize size(int layer) {
        return facts.sizes().layers().get(layer);
    }

    private Optional<String> vocabulary(int devices) {
        int words = facts.sizes().vocabulary();
        return vocabulary && words % devices != 0
                ? Optional.of("the vocabulary of " + words + " does not divide over " + devices + " devices")
                : Optional.empty();
    }

    private String hint() {
        if (facts.sizes().layers().stream().anyMatch(LayerSize::normsWidths)) {
            return "put every layer into a group, such as --window 0:N, with --placement layers and a device for"
                    + " each layer"
                    + " of a group";
        }
        List<Integer> possible = possible();
        String other = placement == Placement.HEADS ? "layers" : "heads";
        DeviceCounts otherwise =
                new DeviceCounts(facts, placement == Placement.HEADS ? Placement.LAYERS : Placement.HEADS, vocabulary);
        List<Integer> possibleOtherwise = otherwise.possible();
        String hint = possible.isEmpty()
                ? "leave the model whole: no number of devices works with placement " + placement
                : "use one of these numbers of devices: " + list(possible);
        return possibleOtherwise.isEmpty() ? hint : hint + "; with placement " + other + ": " + list(possibleOtherwise);
    }

    private static String list(List<Integer> numbers) {
        return numbers.stream().map(String::valueOf).collect(Collectors.joining(", "));
    }

    /** Two devices or more. */
    private List<Integer> possible() {
        int most = facts.groups().stream()
                        .mapToInt(group -> group.layers().size())
                        .max()
                        .orElse(1)
                * (int) facts.sizes().layers().stream()
                        .mapToLong(LayerSize::heads)
                        .max()
                        .orElse(1);
        return IntStream.rangeClosed(2, most).filter(this::works).boxed().toList();
    }

    private boolean works(int devices) {
        return facts.groups().stream()
                        .noneMatch(group -> group.arrangement() == Facts.Arrangement.ONE_SYNC
                                        && oneSync(group, devices).isPresent()
                                || divides(group, devices).isPresent())
                && vocabulary(devices).isEmpty();
    }
}
