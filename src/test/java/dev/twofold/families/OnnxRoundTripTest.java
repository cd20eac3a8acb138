package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What was written as ONNX and is read again is written again byte for byte: it is the same decoder. */
final class OnnxRoundTripTest {

    /** Families of each kind of layer. */
    private static final List<String> EVERY_WAY = List.of("gemma3", "gpt2", "gpt_neox", "granitemoe", "qwen3");

    /** How they are written, and with which of these options the second time, which has nothing left to rearrange. */
    private static final List<String> WAYS = List.of(
            "--window 0:4 | ",
            "--window 0:4 | --kv-layout wide",
            "--window 0:2 | --padding any",
            "--window 0:3 --group 3 | --dialect onnx",
            "--pairs 1-2 --one-sync | --dtype fp16",
            "--pairs 1-2 --one-sync | --dialect onnx",
            "--window 0:2 | --dtype int4",
            "--window 0:0 | --dtype int4 --asymmetric --dialect onnx",
            "--window 0:2 | --dtype int8 --around fp16",
            "--window 0:0 | --dtype int8 --asymmetric");

    /** Only of families whose layers are two steps. */
    private static final List<String> STEPS =
            List.of("--merge 0A-0F,1F-2A | ", "--pairs 0-1 --form staggered | --dialect onnx");

    /** Sinks, limited gates and experts with biases; latents, and experts that are chosen by groups; chunks, and weighed inputs; biases by position. */
    private static final List<Arguments> OTHERS = List.of(
            Arguments.of("deepseek_v2", "--window 0:2 | --dialect onnx"),
            Arguments.of("deepseek_v3", "--pairs 1-2 --one-sync | --dialect onnx"),
            Arguments.of("deepseek_v3", "--window 0:2 | --dtype int4 --block 16"),
            Arguments.of("minicpm3", "--window 0:0 | "),
            Arguments.of("minicpm3", "--window 0:2 | --dialect onnx"),
            Arguments.of("gpt_oss", "--window 0:2 | --dialect onnx"),
            Arguments.of("gpt_oss", "--window 0:2 | --dtype int4"),
            Arguments.of("phimoe", "--window 0:2 | --dialect onnx"),
            Arguments.of("llama4", "--window 0:2 | --dialect onnx"),
            Arguments.of("llama4", "--merge 0A-0F,1F-2A | --dtype int4 --block 16"),
            Arguments.of("bloom", "--window 0:2 | --dialect onnx --dtype fp16"),
            Arguments.of("bloom", "--pairs 1-2 --one-sync | --dtype fp16"),
            Arguments.of("variants/llama4-listed", "--window 0:0 | --dialect onnx"),
            Arguments.of("variants/llama4-listed", "--pairs 1-2 --one-sync | "));

    @TempDir
    private Path directory;

    static Stream<Arguments> everyFamily() {
        return TinyFamilies.kinds().stream().map(name -> Arguments.of(name, "--window 0:0 | "));
    }

    static Stream<Arguments> everyWay() {
        Stream<Arguments> ways = EVERY_WAY.stream().flatMap(name -> {
            boolean steps = TinyFamilies.takes(name, Arrangement.MERGES);
            return Stream.concat(WAYS.stream(), steps ? STEPS.stream() : Stream.of())
                    .map(way -> Arguments.of(name, way));
        });
        return Stream.concat(ways, OTHERS.stream());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("everyFamily")
    void every_family_comes_back(String family, String way) throws Exception {
        comesBack(family, way);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("everyWay")
    void plans_dialects_and_types_come_back(String family, String way) throws Exception {
        comesBack(family, way);
    }

    /** Numbers that are on a grid cannot be nearer to themselves on another. */
    @ParameterizedTest
    @ValueSource(strings = {"nearest", "search", "gptq"})
    void codes_stay_whatever_they_would_be_rounded_by(String rounding) throws Exception {
        Path text = Files.writeString(directory.resolve("text"), "A text to round by, of some words. ".repeat(40));
        Path first = directory.resolve("first");
        Path second = directory.resolve("second");
        List<String> form = List.of("--dtype", "int4", "--asymmetric");
        convert(TinyFamilies.checkpoint("qwen3"), first, List.of("--window", "0:0"), form);
        List<String> byText = rounding.equals("nearest")
                ? List.of()
                : List.of("--text", text.toString(), "--calibration-tokens", "512");
        convert(
                first,
                second,
                List.of("--window", "0:0", "--rounding", rounding),
                Stream.concat(form.stream(), byText.stream()).toList());
        assertThat(second.resolve("model.onnx.data")).hasSameBinaryContentAs(first.resolve("model.onnx.data"));
    }

    private void comesBack(String family, String way) throws Exception {
        String[] parts = way.split("\\|");
        List<String> form = options(parts[1]);
        Path first = directory.resolve("first");
        Path second = directory.resolve("second");
        convert(TinyFamilies.checkpoint(family), first, options(parts[0]), form);
        convert(first, second, List.of("--window", "0:0"), form);
        for (String file : List.of("model.onnx", "model.onnx.data", "genai_config.json")) {
            assertThat(Files.mismatch(first.resolve(file), second.resolve(file)))
                    .as("first byte of %s that differs", file)
                    .isEqualTo(-1);
        }
    }

    private static List<String> options(String text) {
        return Arrays.stream(text.strip().split(" "))
                .filter(word -> !word.isEmpty())
                .toList();
    }

    private static void convert(Path from, Path to, List<String> plan, List<String> form) {
        List<Object> arguments = new ArrayList<>(List.of("convert", from, "-o", to, "--no-load", "--quiet"));
        arguments.addAll(plan);
        arguments.addAll(form);
        CommandRun.succeeding(arguments.toArray());
    }
}
