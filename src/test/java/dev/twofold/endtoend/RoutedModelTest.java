package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.cli.CommandRun;
import dev.twofold.families.TinyFamilies;
import dev.twofold.graph.Attributes;
import dev.twofold.graph.GivenRouting;
import dev.twofold.graph.ModelFile;
import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.NodeProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Mixtures of experts are compared with the reference where both go to the same experts, and where they do not it is a tie. */
final class RoutedModelTest {

    @TempDir
    private Path directory;

    private Path convert(String family, String... options) {
        Path output = directory.resolve("model");
        List<Object> words = new ArrayList<>(
                List.of("convert", TinyFamilies.checkpoint(family), "-o", output, "--no-load", "--quiet", "--force"));
        words.addAll(List.of(options));
        CommandRun.succeeding(words.toArray());
        return output;
    }

    private static CommandRun validate(String family, Path output, int tokens) {
        return CommandRun.of(
                "validate",
                output,
                "--against",
                TinyFamilies.checkpoint(family),
                "--tokens",
                tokens,
                "--format",
                "json",
                "--quiet");
    }

    /**
     * Rounded to fp16, each of these sends one token elsewhere, where two scores are nearly equal; all others follow from it. Groups are
     * chosen in the last one as well.
     */
    @ParameterizedTest
    @CsvSource({"mixtral,2048", "dots1,1536", "deepseek_v3,2048"})
    void a_tie_that_rounding_decides_is_no_fault(String family, int choices) {
        CommandRun run = validate(family, convert(family, "--window", "0:2", "--dtype", "fp16"), 512);
        JsonNode parity = run.json().path("parity");
        assertThat(run.exitCode()).as(run.out()).isZero();
        assertThat(parity.path("maxRelative").asDouble()).isLessThan(5e-3);
        assertThat(parity.path("routing").path("choices").asInt()).isEqualTo(choices);
        assertThat(parity.path("routing").path("differing").asInt()).isBetween(1, 4);
        assertThat(parity.path("routing").path("largestGap").asDouble()).isBetween(1e-6, 2e-3);
        assertThat(parity.path("routing").path("ownMaxRelative").asDouble()).isGreaterThan(2e-2);
    }

    /** In groups of one sync routers read copies of the stream; a shared expert has a gate, which chooses nothing. */
    @ParameterizedTest
    @CsvSource({"mixtral,--one-sync", "qwen2_moe,--form=two-sync", "glm4_moe,--form=staggered"})
    void in_fp32_nothing_differs_in_any_form(String family, String form) {
        CommandRun run = validate(family, convert(family, "--window", "0:2", form), 64);
        JsonNode routing = run.json().path("parity").path("routing");
        assertThat(run.exitCode()).as(run.out()).isZero();
        assertThat(routing.path("choices").asInt()).isPositive();
        assertThat(routing.path("differing").asInt()).isZero();
        assertThat(routing.path("ownMaxRelative").asDouble())
                .isEqualTo(run.json().path("parity").path("maxRelative").asDouble());
    }

    @Test
    void the_last_logits_alone_and_tokens_one_by_one_are_compared_so_too() {
        CommandRun run =
                validate("mixtral", convert("mixtral", "--window", "0:2", "--dtype", "fp16", "--logits", "last"), 512);
        assertThat(run.exitCode()).as(run.out()).isZero();
        assertThat(run.json().path("parity").path("decodedMaxRelative").asDouble())
                .isLessThan(2e-2);
    }

    /** A router that goes somewhere else for any other reason than a tie is a fault, though what comes of it is compared without it. */
    @ParameterizedTest
    @CsvSource({"smallest", "sigmoid"})
    void a_router_that_chooses_otherwise_fails(String fault) throws IOException {
        Path output = convert("mixtral", "--window", "0:2");
        Path file = output.resolve("model.onnx");
        ModelProto model = ModelFile.read(output);
        assertThat(GivenRouting.routers(model)).isEqualTo(4);
        UnaryOperator<NodeProto> change = fault.equals("smallest")
                ? node -> node.getOpType().equals("TopK")
                        ? node.toBuilder()
                                .addAttribute(Attributes.integer("largest", 0))
                                .build()
                        : node
                : node -> node.getName().endsWith("/probabilities")
                        ? node.toBuilder().setOpType("Sigmoid").clearAttribute().build()
                        : node;
        List<NodeProto> nodes =
                model.getGraph().getNodeList().stream().map(change).toList();
        Files.write(
                file,
                model.toBuilder()
                        .setGraph(model.getGraph().toBuilder().clearNode().addAllNode(nodes))
                        .build()
                        .toByteArray());
        CommandRun run = validate("mixtral", output, 64);
        assertThat(run.exitCode()).as(run.out()).isEqualTo(1);
        assertThat(run.json().path("passed").asBoolean()).isFalse();
    }
}
