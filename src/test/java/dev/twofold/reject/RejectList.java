package dev.twofold.reject;

import java.util.List;
import java.util.stream.Stream;

/** Every malformed input we know of, in the order of the files that a command meets them in. */
final class RejectList {

    private RejectList() {}

    static List<Case> cases() {
        return Stream.of(
                        SafetensorsCases.all(),
                        IndexCases.all(),
                        ConfigCases.all(),
                        FamilyCases.all(),
                        WeightCases.all(),
                        PipelineCases.all(),
                        TokenizerCases.all(),
                        OutputCases.all(),
                        ManifestCases.all(),
                        HardwareCases.all(),
                        GgufCases.all(),
                        OnnxCases.all())
                .flatMap(List::stream)
                .toList();
    }
}
