package dev.twofold.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** A Python that has the packages of tools/transformers/requirements.txt: TWOFOLD_PYTHON, or python3 on the PATH. */
public final class Python {

    /** Set where a missing Python must fail the tests that need one, as in continuous integration. */
    private static final String REQUIRED = "TWOFOLD_REQUIRE_PYTHON";

    private static final String CHOSEN = "TWOFOLD_PYTHON";

    private final Path binary;

    private Python(Path binary) {
        this.binary = binary;
    }

    /** Finds it, or skips the test that asks with a message on standard error. */
    public static Python find() {
        String message = "no Python with torch and transformers 5: checkpoints for Transformers are not tested there"
                + " (pip install -r tools/transformers/requirements.txt, and set " + CHOSEN + ")";
        return find(Python::hasPackages, System.getenv(REQUIRED) != null, message);
    }

    /** Likewise one with the packages of tools/genai-builder/requirements.txt. */
    public static Python withBuilder() {
        String message = "no Python with onnxruntime-genai's model builder: what it writes is not read in tests"
                + " (pip install -r tools/genai-builder/requirements.txt, and set " + CHOSEN + ")";
        return find(Python::hasBuilder, false, message);
    }

    /** Likewise one with the packages of tools/optimum/requirements.txt. */
    public static Python withOptimum() {
        String message = "no Python with optimum-onnx: what it exports is not read in tests"
                + " (pip install -r tools/optimum/requirements.txt, and set " + CHOSEN + ")";
        return find(Python::hasOptimum, false, message);
    }

    /** Likewise one with what tools/gpu needs. */
    public static Python withRuntime() {
        String message =
                "no Python with torch, transformers, safetensors and onnxruntime: the check of devices is not tried"
                        + " (pip install -r tools/gpu/requirements.txt onnxruntime, and set " + CHOSEN + ")";
        return find(Python::hasRuntime, false, message);
    }

    private static Python find(Predicate<Path> suitable, boolean required, String message) {
        Optional<Path> binary = candidates().filter(suitable).findFirst();
        if (binary.isEmpty()) {
            if (required) {
                throw new AssertionError(message + "; " + REQUIRED + " is set");
            }
            System.err.println("SKIPPED: " + message);
            Assumptions.abort(message);
        }
        return new Python(binary.orElseThrow());
    }

    private static Stream<Path> candidates() {
        return Stream.concat(
                Stream.ofNullable(System.getenv(CHOSEN)).map(Path::of),
                Stream.of(System.getenv("PATH").split(File.pathSeparator))
                        .map(directory -> Path.of(directory, "python3"))
                        .filter(Files::isExecutable));
    }

    private static boolean hasPackages(Path binary) {
        String code = "import importlib.metadata as m, importlib.util as u, sys\n"
                + "sys.exit(not (u.find_spec('torch') and u.find_spec('transformers')"
                + " and int(m.version('transformers').split('.')[0]) >= 5))";
        return succeeds(binary, code);
    }

    private static boolean hasBuilder(Path binary) {
        String code = "import importlib.util as u, sys\n"
                + "needed = ['torch', 'transformers', 'onnx_ir', 'onnxscript', 'onnxruntime', 'onnxruntime_genai']\n"
                + "sys.exit(not all(u.find_spec(name) for name in needed))";
        return succeeds(binary, code);
    }

    private static boolean hasOptimum(Path binary) {
        String code = "import importlib.util as u, sys\n"
                + "needed = ['torch', 'transformers', 'onnx', 'onnxscript', 'onnxruntime', 'optimum']\n"
                + "sys.exit(not (all(u.find_spec(name) for name in needed) and u.find_spec('optimum.exporters.onnx')))";
        return succeeds(binary, code);
    }

    private static boolean hasRuntime(Path binary) {
        String code = "import importlib.util as u, sys\n"
                + "sys.exit(not all(u.find_spec(name) for name in ['torch', 'transformers', 'safetensors', 'onnxruntime']))";
        return succeeds(binary, code);
    }

    private static boolean succeeds(Path binary, String code) {
        try {
            return run(List.of(binary.toString(), "-c", code)).exitCode() == 0;
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    private record Outcome(int exitCode, String output) {}

    private static Outcome run(List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes());
            return new Outcome(process.waitFor(), output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** Runs a script of src/test/python, which has to succeed; what it printed. */
    public String script(String name, Object... arguments) {
        return run(Path.of("src", "test", "python", name), arguments);
    }

    /** The same of a script anywhere. */
    public String run(Path script, Object... arguments) {
        List<String> command = new ArrayList<>(List.of(binary.toString(), script.toString()));
        Stream.of(arguments).map(String::valueOf).forEach(command::add);
        return succeeding(command);
    }

    /** Runs a script of src/test/python in several processes that torch.distributed joins. */
    public String distributed(int processes, String name, Object... arguments) {
        List<String> command = new ArrayList<>(List.of(
                binary.toString(),
                "-m",
                "torch.distributed.run",
                "--standalone",
                "--nproc-per-node",
                String.valueOf(processes),
                Path.of("src", "test", "python", name).toString()));
        Stream.of(arguments).map(String::valueOf).forEach(command::add);
        return succeeding(command);
    }

    private static String succeeding(List<String> command) {
        Outcome outcome = run(command);
        if (outcome.exitCode() != 0) {
            throw new AssertionError(command + ": exit " + outcome.exitCode() + "\n" + outcome.output());
        }
        return outcome.output();
    }
}
