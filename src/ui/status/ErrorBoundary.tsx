import { Component, type ReactNode } from 'react';

interface ErrorBoundaryProps {
  /** What is inside, for the sentence. */
  name: string;
  children: ReactNode;
}

/** Keeps a fault in one panel from taking the page with it. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, { error: Error | undefined }> {
  override state: { error: Error | undefined } = { error: undefined };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <div className="panel-error" role="alert">
        <strong>{this.props.name} could not be drawn.</strong>
        <p>{error.message}</p>
        <button type="button" onClick={() => this.setState({ error: undefined })}>
          Draw it again
        </button>
      </div>
    );
  }
}
